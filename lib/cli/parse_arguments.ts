/** Parses arguments by a command's table. @module */
import { parseArgs } from "@std/cli/parse-args";
import type { Diagnostic, Result } from "../diagnostic/diagnostic.ts";
import { nearest } from "../diagnostic/suggest.ts";
import { shellWord } from "../trust/shell_word.ts";
import { startCommand } from "../workspace/start_command.ts";
import type { Command, CommandArguments, OptionSpec } from "./command.ts";

/** Reads arguments by a command's table. All mistakes are reported at once. */
export function parseArguments(
  command: Command,
  args: readonly string[],
): Result<CommandArguments, readonly Diagnostic[]> {
  const { operands, options, unknown } = readWords(command, args);
  const mistakes = [
    ...[...unknown].map((word) => unknownOption(command, word)),
    ...[...options].flatMap(([name, values]) =>
      valueMistakes(name, command.options[name]!, values)
    ),
    // What follows an unknown option may be its value.
    ...(unknown.size > 0 && operands.length > command.maxOperands
      ? []
      : operandMistakes(command, operands, args)),
  ];
  return mistakes.length > 0
    ? { ok: false, error: mistakes }
    : { ok: true, value: { operands, options } };
}

interface Words {
  readonly operands: string[];
  /** Values of each option that the command has, in their order; `""` where one has none. */
  readonly options: Map<string, string[]>;
  /** Options that it does not have, as they are written. */
  readonly unknown: Set<string>;
}

/** Parses words. The parser knows which options take a value; it asks about everything else, in order. */
function readWords(command: Command, args: readonly string[]): Words {
  const valued = Object.keys(command.options).filter((name) => takesNext(command.options[name]!));
  const words: Words = { operands: [], options: new Map(), unknown: new Set() };
  const parsed = parseArgs(withValues(command, args), {
    string: valued,
    collect: valued,
    "--": true,
    unknown: (word, name, value) => addWord(command, words, { word, name, value }),
  });
  for (const name of valued) {
    const values = parsed[name] as string[];
    if (values.length > 0) words.options.set(name, [...words.options.get(name) ?? [], ...values]);
  }
  words.operands.push(...parsed["--"] as string[]);
  return words;
}

function takesNext({ type }: OptionSpec): boolean {
  return type === "text" || type === "number";
}

/** `--jobs 2` as `--jobs=2`: so a value may begin with a dash, as those of `--slurm-args` do. */
function withValues({ options }: Command, args: readonly string[]): string[] {
  const letters = Object.entries(options).flatMap(([name, { short }]) =>
    short === undefined ? [] : [[`-${short}`, `--${name}`] as const]
  );
  const longForms = new Map<string, string>(letters);
  const words: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = longForms.get(args[index]!) ?? args[index]!;
    if (word === "--") return [...words, ...args.slice(index)];
    const spec = Object.hasOwn(options, word.slice(2)) ? options[word.slice(2)] : undefined;
    const hasNext = word.startsWith("--") && spec !== undefined && takesNext(spec) &&
      index + 1 < args.length;
    words.push(hasNext ? `${word}=${args[++index]}` : word);
  }
  return words;
}

/** A word that the parser asks about: no option that takes a value. Of it the parser keeps nothing. */
function addWord(
  { options }: Command,
  words: Words,
  { word, name, value }: {
    readonly word: string;
    readonly name: string | undefined;
    readonly value: unknown;
  },
): false {
  const [, inline] = /^--[^=]*=(.*)$/s.exec(word) ?? [];
  const known = name?.replace(/=$/, "");
  if (known === undefined) words.operands.push(word);
  else if (Object.hasOwn(options, known)) {
    words.options.set(known, [...words.options.get(known) ?? [], inline ?? ""]);
  } else words.unknown.add(/^--[^=]*/.exec(word)?.[0] ?? word);
  // What follows a flag is not its value, although the parser takes it for one.
  if (known !== undefined && inline === undefined && typeof value === "string") {
    words.operands.push(value);
  }
  return false;
}

function unknownOption({ name: command, options }: Command, word: string): Diagnostic {
  const name = word.startsWith("--") ? word.slice(2) : undefined;
  const near = name && (otherWords[name] ?? nearest(name, [...Object.keys(options), "help"]));
  return usage(`Unknown option "${word}" of ${command}`, [
    ...(near && (near === "help" || near in options) ? [`did you mean "--${near}"?`] : []),
    `all options: ${startCommand(command, "--help")}`,
  ]);
}

function valueMistakes(name: string, spec: OptionSpec, values: readonly string[]): Diagnostic[] {
  const problems = values.flatMap((value) => valueProblem(name, spec, value) ?? []);
  const isAgain = values.length > 1 && !spec.repeat;
  return [...problems, ...(isAgain ? [`Cannot give "--${name}" more than once`] : [])]
    .map((problem) => usage(problem));
}

function operandMistakes(
  command: Command,
  operands: readonly string[],
  args: readonly string[],
): Diagnostic[] {
  const { minOperands, maxOperands } = command;
  if (operands.length >= minOperands && operands.length <= maxOperands) return [];
  const given = operands.length === 0 ? "nothing" : operands.map((o) => `"${o}"`).join(" ");
  const expected = command.operands || "no operands";
  return [
    usage(`Cannot run "tvp ${command.name}": expected ${expected}, got ${given}`, [
      ...(operands.length > maxOperands ? spacedValueNotes(command, args) : []),
      `example: ${command.example}`,
    ]),
  ];
}

/** An option whose value may be left out takes it only after `=`. */
function spacedValueNotes({ options }: Command, args: readonly string[]): string[] {
  return args.slice(0, -1).flatMap((word, index) => {
    const next = args[index + 1]!;
    const isOptional = word.startsWith("--") && Object.hasOwn(options, word.slice(2)) &&
      options[word.slice(2)]!.type === "optional";
    return isOptional && !next.startsWith("-") ? [`write ${word}=${shellWord(next)}`] : [];
  });
}

function usage(message: string, notes: readonly string[] = []): Diagnostic {
  return { code: "usage", severity: "error", message, ...(notes.length > 0 ? { notes } : {}) };
}

function valueProblem(name: string, spec: OptionSpec, value: string): string | undefined {
  if (spec.type === "flag") {
    return value === "" ? undefined : `Cannot give "--${name}" a value: it is a flag`;
  }
  if (spec.type === "optional") return undefined;
  if (value === "") return `Cannot use "--${name}" without ${spec.value ?? "a value"}`;
  if (spec.type === "number" && !/^[1-9]\d*$/.test(value) && !(spec.zero && value === "0")) {
    return `Cannot use "${value}" for --${name}: expected a whole number${
      spec.zero ? "" : " above 0"
    }`;
  }
  if (spec.choices && !spec.choices.includes(value) && !spec.pattern?.test(value)) {
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
