/** The page of the command line, from the table of commands and each command's options. @module */
import { type Command, exitCodes, type OptionSpec, optionUsage } from "../../../lib/cli/command.ts";
import { type CommandName, commandTable, loadCommand } from "../../../lib/cli/command_table.ts";
import { code, markdownTable } from "./markdown_table.ts";

/** What each exit code of the program says. */
const exitCodeWords: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: "The command did what it was asked.",
  failed: "A stage failed, or a check did not pass. The command's page below says which.",
  usage: "The arguments, a file or a model are wrong. The message says where and what to do.",
  internal: "A mistake of this program. Please report it with the text that was printed.",
  interrupted: "Ctrl-C or SIGTERM. The state is saved; the next run goes on from it.",
};

/** Text of `docs/reference/commands.md`. */
export async function commandsPage(): Promise<string> {
  const names = Object.keys(commandTable) as CommandName[];
  const commands = await Promise.all(names.map(loadCommand));
  const codes = Object.entries(exitCodes).map(([name, value]) => [
    String(value),
    exitCodeWords[name as keyof typeof exitCodes],
  ]);
  return `# Commands

\`tvp\` is short for \`deno task tvp\` in the repository; \`deno task pipeline FILE\` is \`tvp run FILE\`.
\`tvp COMMAND --help\` prints the same.

${markdownTable([["command", "what it does"], ...commands.map(commandRow)])}

## Exit codes

${markdownTable([["code", "meaning"], ...codes])}

${commands.map(commandSection).join("\n\n")}
`;
}

function commandRow({ name }: Command): string[] {
  return [`[\`${name}\`](#tvp-${name})`, commandTable[name as CommandName]];
}

function commandSection(command: Command): string {
  const { name, summary, operands, operandHelp, options, example, failure } = command;
  const rows = Object.entries(options).map(([option, spec]) => optionRow(option, spec));
  return `## tvp ${name}

${summary}

\`tvp ${name}${operands === "" ? "" : ` ${operands}`}\`${
    operandHelp === undefined ? "" : `\n\n${operandHelp}`
  }

${rows.length === 0 ? "It has no options." : markdownTable([["option", "what it does"], ...rows])}

Example: \`${example}\`${failure === undefined ? "" : `\n\nExit code 1: ${failure}.`}`;
}

function optionRow(name: string, spec: OptionSpec): string[] {
  return [code(optionUsage(name, spec)), spec.help];
}
