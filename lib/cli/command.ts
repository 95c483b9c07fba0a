/** What a command of the command line is, and how its arguments are read. @module */
import type { Diagnostic, Result } from "../diagnostic/diagnostic.ts";
import { nearest } from "../diagnostic/suggest.ts";

/** An option: `--jobs N`, `--plan`, `--force[=STAGE]`. */
export interface OptionSpec {
  /** `flag` takes no value, `text` and `number` take one, `optional` may take one after `=`. */
  readonly type: "flag" | "text" | "number" | "optional";
  readonly help: string;
  /** Whether a number may be 0. */
  readonly zero?: boolean;
  /** Name of the value in the help: `N`. */
  readonly value?: string;
  /** A letter that stands for it: `-o FILE`. */
  readonly short?: string;
  /** May be given more than once. */
  readonly repeat?: boolean;
  /** The values that are allowed. */
  readonly choices?: readonly string[];
}

/** Arguments as a command gets them. */
export interface CommandArguments {
  readonly operands: readonly string[];
  /** Values in the order given; a flag has `""`. */
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/** A command: the default export of a file in `commands/`. */
export interface Command {
  readonly name: string;
  /** One sentence without a period. */
  readonly summary: string;
  /** Operands as in the help: `FILE [STAGE]`. */
  readonly operands: string;
  readonly minOperands: number;
  readonly maxOperands: number;
  readonly example: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** What exit code 1 says, where the command has it. */
  readonly failure?: string;
  /** What exit code 130 says, where the command can be interrupted in good order. */
  readonly interrupted?: string;
  /** Returns the exit code. */
  run(args: CommandArguments): Promise<number>;
}

/** Exit codes of the program. */
export const exitCodes = { done: 0, failed: 1, usage: 2, internal: 70, interrupted: 130 } as const;

/** Options of every command that looks at a pipeline. */
export const pipelineOptions = {
  set: { type: "text", value: "K=V", repeat: true, help: "change a value: 'vars.loss=[tvp]'" },
  cache: { type: "text", value: "DIR", help: "folder of the store; default .tvp/cache" },
  remote: {
    type: "text",
    value: "URL",
    help: "cache shared with others: https://…, s3://…, file://…",
  },
  json: { type: "flag", help: "machine-readable output" },
} as const satisfies Record<string, OptionSpec>;

/** Reads arguments by a command's table. All mistakes are reported at once. */
export function parseArguments(
  command: Command,
  args: readonly string[],
): Result<CommandArguments, readonly Diagnostic[]> {
  const operands: string[] = [];
  const options = new Map<string, string[]>();
  const mistakes: Diagnostic[] = [];
  const mistake = (message: string, notes: readonly string[] = []) =>
    mistakes.push({
      code: "usage",
      severity: "error",
      message,
      ...(notes.length ? { notes } : {}),
    });
  for (let index = 0; index < args.length; index++) {
    if (args[index] === "--") {
      operands.push(...args.slice(index + 1));
      break;
    }
    const arg = longForm(command, args[index]!);
    if (/^-[a-z]$/i.test(arg)) {
      mistake(`Unknown option "${arg}" of ${command.name}`, [
        `all options: tvp ${command.name} --help`,
      ]);
      continue;
    }
    if (!arg.startsWith("--")) {
      operands.push(arg);
      continue;
    }
    const [, name, inline] = /^--([^=]*)(?:=(.*))?$/s.exec(arg)!;
    const spec = command.options[name!];
    if (!spec) {
      const near = otherWords[name!] ?? nearest(name!, Object.keys(command.options));
      mistake(`Unknown option "--${name}" of ${command.name}`, [
        ...(near !== undefined && near in command.options ? [`did you mean "--${near}"?`] : []),
        `all options: tvp ${command.name} --help`,
      ]);
      continue;
    }
    let value = inline;
    if (value === undefined && (spec.type === "text" || spec.type === "number")) {
      value = args[++index];
    }
    const problem = valueProblem(name!, spec, value, inline);
    if (problem) mistake(problem);
    const given = options.get(name!) ?? [];
    if (given.length > 0 && !spec.repeat) mistake(`Cannot give "--${name}" more than once`);
    options.set(name!, [...given, value ?? ""]);
  }
  const { minOperands, maxOperands } = command;
  if (operands.length < minOperands || operands.length > maxOperands) {
    const given = operands.length === 0 ? "nothing" : operands.map((o) => `"${o}"`).join(" ");
    mistake(
      `Cannot run "tvp ${command.name}": expected ${
        command.operands || "no operands"
      }, got ${given}`,
      [
        `example: ${command.example}`,
      ],
    );
  }
  return mistakes.length > 0
    ? { ok: false, error: mistakes }
    : { ok: true, value: { operands, options } };
}

/** `-o` as `--output`. */
function longForm(command: Command, arg: string): string {
  const letter = /^-([a-z])$/.exec(arg)?.[1];
  if (letter === undefined) return arg;
  const name = Object.entries(command.options).find(([, spec]) => spec.short === letter)?.[0];
  return name === undefined ? arg : `--${name}`;
}

function valueProblem(
  name: string,
  spec: OptionSpec,
  value: string | undefined,
  inline: string | undefined,
): string | undefined {
  if (spec.type === "flag") {
    return inline === undefined ? undefined : `Cannot give "--${name}" a value: it is a flag`;
  }
  if (spec.type === "optional") return undefined;
  if (value === undefined) return `Cannot use "--${name}" without ${spec.value ?? "a value"}`;
  if (spec.type === "number" && !/^[1-9]\d*$/.test(value) && !(spec.zero && value === "0")) {
    return `Cannot use "${value}" for --${name}: expected a whole number${
      spec.zero ? "" : " above 0"
    }`;
  }
  if (spec.choices && !spec.choices.includes(value)) {
    return `Cannot use "${value}" for --${name}: expected ${spec.choices.join(", ")}`;
  }
  return undefined;
}

/** Whether a flag is given. */
export function hasFlag(args: CommandArguments, name: string): boolean {
  return args.options.has(name);
}

/** The value of an option, if given. */
export function textOption(args: CommandArguments, name: string): string | undefined {
  return args.options.get(name)?.[0];
}

/** The value of a number option, if given. */
export function numberOption(args: CommandArguments, name: string): number | undefined {
  const value = textOption(args, name);
  return value === undefined ? undefined : Number(value);
}

function exitText({ failure, interrupted }: Command): string {
  return [
    "0 done",
    ...(failure === undefined ? [] : [`1 ${failure}`]),
    "2 wrong arguments or files",
    "70 a mistake of this program",
    ...(interrupted === undefined ? [] : [`130 ${interrupted}`]),
  ].join(", ");
}

/** An option as the help writes it: `-o, --output FILE`. */
export function optionUsage(name: string, spec: OptionSpec): string {
  const value = spec.type === "flag"
    ? ""
    : spec.type === "optional"
    ? `[=${spec.value}]`
    : ` ${spec.choices?.join("|") ?? spec.value ?? "VALUE"}`;
  const short = spec.short === undefined ? "" : `-${spec.short}, `;
  return `${short}--${name}${value}${spec.repeat ? " …" : ""}`;
}

/** Help of a command. */
export function commandHelp(command: Command): string {
  const rows = Object.entries(command.options).map(([name, spec]) => {
    return [optionUsage(name, spec), spec.help] as const;
  });
  rows.push(["--help", "this text"]);
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    `${command.summary}`,
    "",
    `Usage: tvp ${command.name}${command.operands === "" ? "" : ` ${command.operands}`} [options]`,
    "",
    "Options:",
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    "",
    "Example:",
    `  ${command.example}`,
    "",
    `Exit codes: ${exitText(command)}`,
    "",
  ].join("\n");
}

/** What other programs call our options. */
const otherWords: Readonly<Record<string, string>> = {
  "dry-run": "plan",
  "dryrun": "plan",
  "workers": "jobs",
  "cores": "jobs",
  "silent": "quiet",
};
