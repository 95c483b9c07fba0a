/** The table of import directions in ARCHITECTURE.md, from the lint plugin's. @module */
import { importTable } from "../lint_plugin.ts";
import { code, markdownTable } from "./markdown_table.ts";
import { withTable } from "./marked_table.ts";

/** The page with its table as the plugin has it. */
export function withImportsTable(page: string): string {
  return withTable(page, "imports", importsTable());
}

function importsTable(): string {
  const rows = Object.entries(importTable).map(([folder, { ours, types = [], packages }]) => [
    code(folder),
    ours.includes("*") ? "all of ours" : listOf([
      ...ours.map(shortName),
      ...types.map((folder) => `types of ${shortName(folder)}`),
    ]),
    listOf(packages),
  ]);
  return markdownTable([["folder", "may import of `lib`", "packages"], ...rows]);
}

function shortName(folder: string): string {
  return folder.replace(/^lib\//, "");
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.join(", ");
}
