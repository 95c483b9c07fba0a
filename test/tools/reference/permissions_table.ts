/** The tables of permissions in SECURITY.md, from those of commands and stage types. @module */
import { allStages } from "../../../lib/cli/commands/stages.ts";
import { commandPermissions, extents, permissionNames } from "../../../lib/cli/permissions.ts";
import { code, markdownTable } from "./markdown_table.ts";
import { withTable } from "./marked_table.ts";

/** The page with its tables as the program has them. */
export async function withPermissionTables(page: string): Promise<string> {
  const commands = withTable(page, "permissions of commands", commandsTable());
  return withTable(commands, "permissions of stage types", await stagesTable());
}

function commandsTable(): string {
  const rows = Object.entries(commandPermissions).map(([name, row]) => [
    code(name),
    ...permissionNames.map((one) => row[one] === undefined ? "–" : extents[row[one]].text),
  ]);
  return markdownTable([["command", ...permissionNames.map(code)], ...rows]);
}

async function stagesTable(): Promise<string> {
  const rows = (await allStages()).map(({ name, permissions }) => [
    code(name),
    permissions.map(code).join(", ") || "–",
  ]);
  return markdownTable([["stage type", "declares"], ...rows]);
}
