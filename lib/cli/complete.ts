/** Lists the candidates for the next word of a command line, for shell completion. @module */
import { parseYaml } from "../diagnostic/yaml_core.ts";
import type { Command, OptionSpec } from "./command.ts";
import { type CommandName, commandTable, loadCommand } from "./command_table.ts";
import { recordedRuns } from "./find_run.ts";
import { stateFolder } from "../workspace/places.ts";
import { readPipelineText } from "../workspace/read_pipeline_text.ts";
import { recordedPipelines } from "../workspace/run_record.ts";

/** Stands for the names of files, which shells know better. */
const filesMark = ":files";

/** Candidates for the last word, which may be empty; the words before it are whole. */
export async function completeWords(words: readonly string[]): Promise<string[]> {
  const [name = "", ...rest] = words;
  const found = rest.length === 0
    ? [...Object.keys(commandTable), "--help"]
    : await completeCommand(name, rest);
  const prefix = words.at(-1) ?? "";
  return [...new Set(found)].filter((word) => word === filesMark || word.startsWith(prefix));
}

async function completeCommand(name: string, words: readonly string[]): Promise<string[]> {
  if (!Object.hasOwn(commandTable, name)) return [];
  const command = await loadCommand(name as CommandName);
  const before = words.slice(0, -1);
  const last = words.at(-1)!;
  const operands = operandsOf(command, before);
  const waiting = optionThatWaits(command, before.at(-1));
  if (waiting) return valuesOf(waiting, operands[0]);
  if (last.startsWith("-")) return optionNames(command, before);
  return operandValues(command, operands);
}

/** Words that are neither options nor their values. */
function operandsOf(command: Command, words: readonly string[]): string[] {
  return words.filter((word, index) =>
    !word.startsWith("-") && !optionThatWaits(command, words[index - 1])
  );
}

/** The option whose value comes next. */
function optionThatWaits(command: Command, word: string | undefined): OptionSpec | undefined {
  const found = Object.entries(command.options).find(([name, { short, type }]) =>
    (word === `--${name}` || (short !== undefined && word === `-${short}`)) &&
    (type === "text" || type === "number")
  );
  return found?.[1];
}

function optionNames(command: Command, given: readonly string[]): string[] {
  const names = Object.entries(command.options)
    .filter(([name, { repeat }]) => repeat || !given.includes(`--${name}`))
    .map(([name]) => `--${name}`);
  return [...names, "--help"];
}

function valuesOf(spec: OptionSpec, file: string | undefined): string[] {
  if (spec.choices) return [...spec.choices];
  return placeholders[spec.value ?? ""]?.(file) ?? [];
}

/** What represents an operand or the value of an option, by its name in the help. */
const placeholders: Readonly<Record<string, (file: string | undefined) => string[]>> = {
  FILE: () => [filesMark],
  DIR: () => [filesMark],
  MODEL: () => [filesMark],
  PROMPT: () => [filesMark],
  IMAGE: () => [filesMark],
  STAGE: stageNames,
  "STAGE[.OUTPUT]": stageNames,
  PIPELINE: () => recordedPipelines(stateFolder),
  RUN: runNames,
  "RUN|FILE": () => [filesMark, ...runNames()],
};

function runNames(): string[] {
  return recordedRuns().map(({ id }) => id);
}

/** `show PROMPT | apply PROMPT IMAGE` are two forms; a word in small letters represents itself. */
function operandValues(command: Command, given: readonly string[]): string[] {
  const forms = command.operands.split(" | ").map((form) => form.split(" "));
  const fitting = forms.filter((form) =>
    given.every((word, index) => !isLiteral(form[index]) || form[index] === word)
  );
  return fitting.flatMap((form) => {
    const next = form[given.length]?.replace(/^\[(.*)\]$/, "$1");
    if (next === undefined || next === "") return [];
    return isLiteral(next) ? [next] : placeholders[next]?.(given[0]) ?? [];
  });
}

function isLiteral(word: string | undefined): boolean {
  return word !== undefined && /^[a-z]+$/.test(word);
}

/** Names of the stages of a file, as far as it can be read. */
function stageNames(file: string | undefined): string[] {
  if (file === undefined) return [];
  try {
    const tree = parseYaml(readPipelineText(file)) as
      | { stages?: Record<string, unknown> }
      | null;
    return Object.keys(tree?.stages ?? {});
  } catch {
    // A file that cannot be read has nothing to offer; the command itself says what is wrong.
    return [];
  }
}
