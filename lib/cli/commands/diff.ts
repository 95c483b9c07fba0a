import { localStore } from "../../cache/local/store.ts";
import { explainKey, type KeyDifference } from "../../pipeline/plan/explain.ts";
import type { Key } from "../../pipeline/contract/key.ts";
import type { ArtifactStore, StoreHit } from "../../pipeline/contract/store.ts";
import { type ArtifactNames, artifactNames, differenceText } from "../artifact_names.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { findRun, runHelp } from "../find_run.ts";
import { cacheFolderOf } from "../pipeline_arguments.ts";
import { printJson, printLine } from "../print.ts";
import { loadLater } from "../../workspace/load_later.ts";
import type { RecordedTask, RunRecord } from "../../workspace/run_record.ts";

/** Compares two runs. */
const command: Command = {
  name: "diff",
  summary:
    "Compares two runs: tasks that are new, gone or changed, by which field, and their scores.",
  operands: "RUN RUN",
  operandHelp: runHelp,
  minOperands: 2,
  maxOperands: 2,
  example: "deno task tvp diff latest~1 latest",
  options: { cache: pipelineOptions.cache, json: pipelineOptions.json },
  async run(args) {
    const [before, after] = args.operands.map((name) => findRun(name, "compare")) as [
      RunRecord,
      RunRecord,
    ];
    await using store = localStore(cacheFolderOf(args));
    const changes = await compareRuns(before, after, store);
    if (hasFlag(args, "json")) changes.forEach(printJson);
    else if (changes.length === 0) printLine("The runs have the same tasks with the same keys");
    else {
      const names = {
        before: await artifactNames(before, store),
        after: await artifactNames(after, store),
      };
      for (const change of changes) printChange(change, names);
    }
    return exitCodes.done;
  },
};
export default command;

/** A task that is not the same in two runs. */
interface Change {
  readonly task: string;
  readonly change: "new" | "gone" | "changed";
  readonly differences?: readonly KeyDifference[];
  /** Shares of right answers, by output, where both runs have them. */
  readonly means?: Readonly<Record<string, { readonly before: number; readonly after: number }>>;
}

async function compareRuns(
  before: RunRecord,
  after: RunRecord,
  store: ArtifactStore,
): Promise<Change[]> {
  const old = new Map(before.tasks.map((task) => [task.task, task]));
  const changes: Change[] = [];
  for (const task of after.tasks) {
    const earlier = old.get(task.task);
    old.delete(task.task);
    if (!earlier) changes.push({ task: task.task, change: "new" });
    else if (earlier.key !== task.key) {
      changes.push({ task: task.task, change: "changed", ...await compare(earlier, task, store) });
    }
  }
  return [...changes, ...[...old.keys()].map((task) => ({ task, change: "gone" as const }))];
}

async function compare(
  before: RecordedTask,
  after: RecordedTask,
  store: ArtifactStore,
): Promise<Pick<Change, "differences" | "means">> {
  const [old, now] = await Promise.all(
    [before, after].map(({ key }) => key === undefined ? undefined : store.get(key as Key)),
  );
  if (!old || !now) return { differences: [] };
  const differences = explainKey(old.manifest.preimage, now.manifest.preimage);
  const means = await compareMeans(old, now);
  return { differences, ...(Object.keys(means).length === 0 ? {} : { means }) };
}

async function compareMeans(old: StoreHit, now: StoreHit): Promise<NonNullable<Change["means"]>> {
  const means: Record<string, { before: number; after: number }> = {};
  for (const [name, { type, path }] of Object.entries(now.outputs)) {
    const earlier = old.outputs[name];
    if (type !== "scores" || earlier?.type !== "scores") continue;
    const { readScores } = await loadLater<typeof import("../../artifacts/scores.ts")>(
      new URL("../../artifacts/scores.ts", import.meta.url),
    );
    const [before, after] = [await readScores(earlier.path), await readScores(path)];
    means[name] = { before: before.mean, after: after.mean };
  }
  return means;
}

function printChange(
  { task, change, differences = [], means = {} }: Change,
  names: { readonly before: ArtifactNames; readonly after: ArtifactNames },
): void {
  printLine(`${{ new: "+", gone: "-", changed: "~" }[change]} ${task}`);
  for (const difference of differences) {
    printLine(`    ${differenceText(difference, names, (value) => JSON.stringify(value))}`);
  }
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  for (const [name, { before, after }] of Object.entries(means)) {
    printLine(`    ${name}: ${percent(before)} right → ${percent(after)} right`);
  }
}
