/** Tells what the last run of a pipeline had set, where a command is given something else. @module */
import { shellWord } from "../trust/shell_word.ts";
import type { RunRecord } from "../workspace/run_record.ts";
import { secretValues } from "../workspace/secret_values.ts";
import { setWords } from "../workspace/start_command.ts";

/** `--set vars.n=3`, or `no --set`; `undefined` where the run had what is given, or did not record it. */
export function otherSettings(
  run: Pick<RunRecord, "set"> | undefined,
  given: readonly string[],
): string | undefined {
  if (run?.set === undefined) return undefined;
  // Records hold names in place of secrets.
  const now = given.map((each) => secretValues().hide(each));
  if (JSON.stringify(run.set.toSorted()) === JSON.stringify(now.sort())) return undefined;
  return run.set.length === 0 ? "no --set" : setWords(run.set).map(shellWord).join(" ");
}

/** Says how to look at what the last run gave. */
export function otherSettingsNote(
  run: Pick<RunRecord, "set"> | undefined,
  given: readonly string[],
): string | undefined {
  const had = otherSettings(run, given);
  if (had === undefined) return undefined;
  const advice = given.length === 0
    ? "add it to see what that run gave"
    : "give the same to see what that run gave";
  return `The last run had ${had}; ${advice}`;
}
