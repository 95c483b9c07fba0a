/** Arguments by a command's table. @module */
import { parseArgs, type ParseArgsConfig } from "node:util";
import type { Diagnostic, Result } from "../diagnostic/diagnostic.ts";
import { nearest } from "../diagnostic/suggest.ts";
import type { Command, CommandArguments, OptionSpec } from "./command.ts";

/**
 * Reads arguments by a command's table. All mistakes are reported at once.
 *
 * `@std/cli` gives values alone: it does not tell a flag that was given a value, nor an option
 * without its own, and takes no value that begins with a dash, as those of `--slurm-args` do. The
 * platform's parser gives its tokens too.
 */
export function parseArguments(
  command: Command,
  args: readonly string[],
): Result<CommandArguments, readonly Diagnostic[]> {
  const options = parserOptions(command);
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const operands = tokens.flatMap((token) => token.kind === "positional" ? [token.value] : []);
  const given = tokens.filter((token) => token.kind === "option");
  const known = given.filter(({ name }) => Object.hasOwn(command.options, name));
  const unknown = given.filter((option) => !known.includes(option));
  const mistakes = [
    ...unknownOptions(command, unknown, args),
    ...valueMistakes(command, known),
    ...operandMistakes(command, operands),
  ];
  if (mistakes.length > 0) return { ok: false, error: mistakes };
  const values = [...Map.groupBy(known, ({ name }) => name)].map(([name, uses]) =>
    [name, uses.map(({ value }) => value ?? "")] as const
  );
  return { ok: true, value: { operands, options: new Map(values) } };
}

function parserOptions({ options }: Command): NonNullable<ParseArgsConfig["options"]> {
  const rows = Object.entries(options).map(([name, { type, short }]) => {
    const takesNext = type === "text" || type === "number";
    return [name, {
      type: takesNext ? "string" : "boolean",
      ...(short === undefined ? {} : { short }),
    }] as const;
  });
  return Object.fromEntries(rows);
}

/** An option as it stands among the arguments. */
interface GivenOption {
  readonly name: string;
  /** `--jobs`, or `-j`. */
  readonly rawName: string;
  readonly index: number;
  readonly value?: string | undefined;
}

function unknownOptions(
  { name: command, options }: Command,
  unknown: readonly GivenOption[],
  args: readonly string[],
): Diagnostic[] {
  // Letters behind one dash are an option each: they are told as the word that they are.
  const words = unknown.map(({ rawName, index }) =>
    rawName.startsWith("--") ? rawName : args[index]!
  );
  return [...new Set(words)].map((word) => {
    const name = word.startsWith("--") ? word.slice(2) : undefined;
    const near = name && (otherWords[name] ?? nearest(name, Object.keys(options)));
    return usage(`Unknown option "${word}" of ${command}`, [
      ...(near && near in options ? [`did you mean "--${near}"?`] : []),
      `all options: tvp ${command} --help`,
    ]);
  });
}

function valueMistakes({ options }: Command, known: readonly GivenOption[]): Diagnostic[] {
  return known.flatMap(({ name, value, index }) => {
    const spec = options[name]!;
    const problem = valueProblem(name, spec, value);
    const isAgain = known.some((other) => other.name === name && other.index < index);
    return [
      ...(problem === undefined ? [] : [usage(problem)]),
      ...(isAgain && !spec.repeat ? [usage(`Cannot give "--${name}" more than once`)] : []),
    ];
  });
}

function operandMistakes(command: Command, operands: readonly string[]): Diagnostic[] {
  const { minOperands, maxOperands } = command;
  if (operands.length >= minOperands && operands.length <= maxOperands) return [];
  const given = operands.length === 0 ? "nothing" : operands.map((o) => `"${o}"`).join(" ");
  const expected = command.operands || "no operands";
  return [
    usage(`Cannot run "tvp ${command.name}": expected ${expected}, got ${given}`, [
      `example: ${command.example}`,
    ]),
  ];
}

function usage(message: string, notes: readonly string[] = []): Diagnostic {
  return { code: "usage", severity: "error", message, ...(notes.length > 0 ? { notes } : {}) };
}

function valueProblem(
  name: string,
  spec: OptionSpec,
  value: string | undefined,
): string | undefined {
  if (spec.type === "flag") {
    return value === undefined ? undefined : `Cannot give "--${name}" a value: it is a flag`;
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

/** What other programs call our options. */
const otherWords: Readonly<Record<string, string>> = {
  "dry-run": "plan",
  "dryrun": "plan",
  "workers": "jobs",
  "cores": "jobs",
  "silent": "quiet",
};
