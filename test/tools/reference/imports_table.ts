/** The table of import directions in ARCHITECTURE.md, from the lint plugin's. @module */
import { importTable } from "../lint_plugin.ts";
import { code, markdownTable } from "./markdown_table.ts";

const begin = "<!-- imports: deno task reference -->";
const end = "<!-- end of imports -->";

/** The page with its table as the plugin has it. */
export function withImportsTable(page: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  return `${page.slice(0, from)}${begin}\n\n${importsTable()}\n\n${page.slice(to)}`;
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
