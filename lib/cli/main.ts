/** The command line. It loads only the command that is asked for. @module */
import { isSystemError } from "../cache/disk/system_error.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import { nearest } from "../diagnostic/suggest.ts";
import { type Command, commandHelp, exitCodes } from "./command.ts";
import { type CommandName, commandTable, loadCommand, programHelp } from "./command_table.ts";
import { giveUpPermissions } from "./permissions.ts";

/**
 * Runs the program and returns its exit code.
 *
 * @example
 * ```ts
 * import { main } from "@tvp/pipeline/cli";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await main(["--version"]), 0);
 * assertEquals(await main(["stages", "no-such-stage"]), 2); // says so on the standard error stream
 * ```
 */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === "--version" || name === "-V" || name === "version") {
      write(`${await version()}\n`);
      return exitCodes.done;
    }
    const [about] = rest;
    if (name === "help" && about !== undefined && Object.hasOwn(commandTable, about)) {
      write(commandHelp(await loadCommand(about as CommandName)));
      return exitCodes.done;
    }
    if (name === undefined || isHelp(name) || name === "help") {
      write(programHelp());
      return name === undefined ? exitCodes.usage : exitCodes.done;
    }
    if (!Object.hasOwn(commandTable, name)) return await fail(unknownCommand(name), rest);
    const command = await loadCommand(name as CommandName);
    return await runCommand(command, name as CommandName, rest);
  } catch (error) {
    if (error instanceof DiagnosticError) return await fail(error.diagnostics, rest);
    if (isSystemError(error)) return await fail([refused(error.message)], rest);
    const device = deviceIn(error);
    if (device !== undefined) return await fail([refused(`${device} is a device`)], rest);
    const { printNotice } = await import("./print.ts");
    printNotice(`Internal error: ${error instanceof Error ? error.stack : error}`);
    return exitCodes.internal;
  }
}

/** What the system says no to, with the path: a folder that may not be read, a file that is in the way. */
function refused(cause: string): Diagnostic {
  return { code: "system", severity: "error", message: `Cannot go on: ${cause}` };
}

/** The path of a device, or of something below one, which Deno keeps for itself. */
function deviceIn(error: unknown): string | undefined {
  if (!(error instanceof Deno.errors.NotCapable)) return undefined;
  return /^Requires all access to ("[^"]*")/.exec(error.message)?.[1];
}

async function runCommand(
  command: Command,
  name: CommandName,
  args: readonly string[],
): Promise<number> {
  if (args.slice(0, args.indexOf("--") + 1 || args.length).some(isHelp)) {
    write(commandHelp(command));
    return exitCodes.done;
  }
  const { parseArguments } = await import("./parse_arguments.ts");
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return await fail(parsed.error, args);
  await giveUpPermissions(name, parsed.value);
  return await command.run(parsed.value);
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

async function version(): Promise<string> {
  const text = await Deno.readTextFile(new URL("../../deno.json", import.meta.url));
  const { name, version } = JSON.parse(text) as { name: string; version: string };
  return `${name} ${version}, Deno ${Deno.version.deno}`;
}

function unknownCommand(name: string): Diagnostic[] {
  const near = nearest(name, [...Object.keys(commandTable), "--help", "--version"]);
  const notes = [
    ...(near ? [`did you mean "${near}"?`] : []),
    `commands: ${Object.keys(commandTable).join(", ")}`,
  ];
  return [{ code: "usage", severity: "error", message: `Unknown command "${name}"`, notes }];
}

/** Reports mistakes: with `--json` as a line each, for who reads the lines. */
async function fail(
  diagnostics: readonly Diagnostic[],
  args: readonly string[],
): Promise<number> {
  if (args.slice(0, args.indexOf("--") + 1 || args.length).includes("--json")) {
    const { printJson } = await import("./print.ts");
    for (const diagnostic of diagnostics) printJson({ type: "error", diagnostic });
    return exitCodes.usage;
  }
  const { printDiagnostics } = await import("./print_diagnostics.ts");
  printDiagnostics(diagnostics);
  return exitCodes.usage;
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) {
  // Exits at once: workers, timers and watchers that are still open must not hold up the shell.
  Deno.exit(await main(Deno.args));
}
