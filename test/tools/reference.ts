/**
 * Writes the pages of `docs/reference/` and the tables in docs/methods.md, ARCHITECTURE.md and
 * SECURITY.md from the schemas and tables of the program: `deno task reference`. A test says when they are out of date.
 *
 * @module
 */
import { apiPage } from "./reference/api_page.ts";
import { artifactsPage } from "./reference/artifacts_page.ts";
import { commandsPage } from "./reference/commands_page.ts";
import { eventsPage } from "./reference/events_page.ts";
import { withImportsTable } from "./reference/imports_table.ts";
import { withMethodsTable } from "./reference/methods_table.ts";
import { namesPage } from "./reference/names_page.ts";
import { withPermissionTables } from "./reference/permissions_table.ts";
import { stagesPage } from "./reference/stages_page.ts";

const root = new URL("../../", import.meta.url);

/** Text of each generated page by its path in the repository. */
const pageTable: Readonly<Record<string, () => string | Promise<string>>> = {
  "docs/reference/stages.md": stagesPage,
  "docs/reference/commands.md": commandsPage,
  "docs/reference/events.md": eventsPage,
  "docs/reference/artifacts.md": artifactsPage,
  "docs/reference/names.md": namesPage,
  "docs/reference/api.md": apiPage,
  "docs/methods.md": async () => withMethodsTable(await written("docs/methods.md")),
  "ARCHITECTURE.md": async () => withImportsTable(await written("ARCHITECTURE.md")),
  "SECURITY.md": async () => await withPermissionTables(await written("SECURITY.md")),
};

/** A page that people write, with tables of the program in it. */
function written(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, root));
}

/** All generated pages, formatted, by their paths in the repository. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>();
  for (const [path, page] of Object.entries(pageTable)) {
    pages.set(path, await formatted(await page()));
  }
  return pages;
}

/** Markdown as `deno fmt` leaves it. */
async function formatted(text: string): Promise<string> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext", "md", "-"],
    cwd: root,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  return new TextDecoder().decode((await process.output()).stdout);
}

if (import.meta.main) {
  for (const [path, text] of await referencePages()) {
    await Deno.writeTextFile(new URL(path, root), text);
    console.log(`wrote ${path}`);
  }
}
