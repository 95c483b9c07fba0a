import { localStore } from "../../cache/local/store.ts";
import { explainKey, type KeyDifference } from "../../pipeline/plan/explain.ts";
import type { Key } from "../../pipeline/contract/key.ts";
import type { ArtifactStore } from "../../pipeline/contract/store.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { findRun } from "../find_run.ts";
import { cacheFolderOf } from "../pipeline_arguments.ts";
import { printJson, printLine } from "../print.ts";
import type { RecordedTask, RunRecord } from "../../workspace/run_record.ts";

/** Compares two runs. */
const command: Command = {
  name: "diff",
  summary: "Compares two runs: tasks that are new, gone or changed, and by which field.",
  operands: "RUN RUN",
  minOperands: 2,
  maxOperands: 2,
  example: "deno task tvp diff 20260102T101500000Z-1a2b 20260103T090000000Z-3c4d",
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
    else changes.forEach(printChange);
    return exitCodes.done;
  },
};
export default command;

/** A task that is not the same in two runs. */
interface Change {
  readonly task: string;
  readonly change: "new" | "gone" | "changed";
  readonly differences?: readonly KeyDifference[];
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
      const differences = await differencesOf(earlier, task, store);
      changes.push({ task: task.task, change: "changed", differences });
    }
  }
  return [...changes, ...[...old.keys()].map((task) => ({ task, change: "gone" as const }))];
}

async function differencesOf(
  before: RecordedTask,
  after: RecordedTask,
  store: ArtifactStore,
): Promise<readonly KeyDifference[]> {
  const hits = await Promise.all(
    [before, after].map(({ key }) => key === undefined ? undefined : store.get(key as Key)),
  );
  const [old, now] = hits.map((hit) => hit?.manifest.preimage);
  return old && now ? explainKey(old, now) : [];
}

function printChange({ task, change, differences = [] }: Change): void {
  printLine(`${{ new: "+", gone: "-", changed: "~" }[change]} ${task}`);
  for (const { field, before, after } of differences) {
    printLine(`    ${field}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`);
  }
}
