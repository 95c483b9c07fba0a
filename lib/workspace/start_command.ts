/** Writes commands that can be pasted into the shell in which the program was started. @module */
import { fromFileUrl } from "@std/path";
import { shellWord } from "../trust/shell_word.ts";

const main = new URL("../cli/main.ts", import.meta.url);
const root = new URL("../../", import.meta.url);

/**
 * A command of the program: `deno task tvp trust mine.yaml` in the project, where `deno task` finds
 * it, and elsewhere `deno run -A …/lib/cli/main.ts trust mine.yaml`.
 *
 * @param words The command and its arguments, not yet quoted.
 */
export function startCommand(...words: readonly string[]): string {
  const start = isInProject() ? ["deno", "task", "tvp"] : ["deno", "run", "-A", mainName()];
  return [...start, ...words].map(shellWord).join(" ");
}

/** A command about a pipeline, with the values that were set: with others it is another pipeline. */
export function pipelineCommand(
  name: string,
  { file, set = [] }: { readonly file: string; readonly set?: readonly string[] },
): string {
  return startCommand(name, file, ...setWords(set));
}

/** The arguments that set values: `--set vars.steps=5`. */
export function setWords(set: readonly string[]): string[] {
  return set.flatMap((each) => ["--set", each]);
}

function isInProject(): boolean {
  if (root.protocol !== "file:") return false;
  return `${Deno.cwd()}/`.startsWith(fromFileUrl(root));
}

function mainName(): string {
  return main.protocol === "file:" ? fromFileUrl(main) : main.href;
}
