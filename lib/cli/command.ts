/** Defines a command, and writes its help. @module */

/** An option: `--jobs N`, `--plan`, `--force[=STAGE]`. */
export interface OptionSpec {
  /** `flag` takes no value, `text` and `number` take one, `optional` may take one after `=`. */
  readonly type: "flag" | "text" | "number" | "optional";
  readonly help: string;
  /** Whether a number may be 0. */
  readonly zero?: boolean;
  /** Name of the value in the help: `N`. */
  readonly value?: string;
  /** A letter that represents it: `-o FILE`. */
  readonly short?: string;
  /** May be given more than once. */
  readonly repeat?: boolean;
  /** The values that are allowed. */
  readonly choices?: readonly string[];
  /** Other values that are allowed, such as numbered ones. */
  readonly pattern?: RegExp;
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
  /** What an operand means where its name does not say it: a sentence. */
  readonly operandHelp?: string;
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
    help: "cache shared with others, such as s3://BUCKET/PREFIX",
  },
  json: { type: "flag", help: "machine-readable output" },
} as const satisfies Record<string, OptionSpec>;

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
    "70 a bug in this program",
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
    ...(command.operandHelp === undefined ? [] : ["", command.operandHelp]),
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
