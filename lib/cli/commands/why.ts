import { explainKey, type KeyDifference } from "../../pipeline/plan/explain.ts";
import type { Json, Key } from "../../pipeline/contract/key.ts";
import type { TaskPreview } from "../../pipeline/plan/preview.ts";
import {
  type ArtifactNames,
  artifactNames,
  differenceText,
  isOfArtifact,
} from "../artifact_names.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { deviceOptions } from "../device.ts";
import { stateFolder } from "../../workspace/places.ts";
import { isNamed, type OpenedPreview, openPreview } from "../../workspace/open_preview.ts";
import { pipelineOf, previewOptions } from "../pipeline_arguments.ts";
import { printJson, printLine } from "../print.ts";
import {
  latestRun,
  readRuns,
  type RecordedTask,
  type RunRecord,
  runsFolder,
} from "../../workspace/run_record.ts";

/** Says why a stage would run, or has run, again. */
const command: Command = {
  name: "why",
  summary: "Says which input changed a stage's key.",
  operands: "FILE STAGE",
  minOperands: 2,
  maxOperands: 2,
  example: "deno task tvp why pipelines/quickstart.yaml prompt",
  options: { ...pipelineOptions, ...deviceOptions },
  async run(args) {
    const target = args.operands[1]!;
    await using opened = await openPreview(pipelineOf(args), await previewOptions(args, [target]));
    const past = new Past(opened);
    for (const preview of opened.previews.filter(({ task }) => isNamed(task, target))) {
      const reason = await explain(preview, opened, past);
      if (hasFlag(args, "json")) printJson({ ...reason, names: undefined });
      else printReason(reason);
    }
    return exitCodes.done;
  },
};
export default command;

/** Why a task is in its state. */
interface Reason {
  readonly task: string;
  readonly state: TaskPreview["state"];
  /** Tasks that would run first. */
  readonly needs?: readonly string[];
  /** Run that had another key, and what differs. */
  readonly comparedWith?: string;
  readonly differences?: readonly KeyDifference[];
  /** Names of the artifacts in them. */
  readonly names?: { readonly before: ArtifactNames; readonly after: ArtifactNames };
  /** What became of it in earlier runs, where there is no result to compare with. */
  readonly past?: keyof typeof pastWords;
  readonly provider?: string;
  /** How it failed in the last run. */
  readonly failed?: { readonly run: string; readonly message: string };
  /** How steps were made to fit the memory: other plans round differently. */
  readonly plan?: string;
}

/** A task as an earlier run recorded it. */
interface EarlierTask {
  readonly run: RunRecord;
  readonly task: RecordedTask;
}

/** What the explanations of all tasks look up, each read once. */
class Past {
  readonly #opened: OpenedPreview;
  readonly #names = new Map<string, Promise<ArtifactNames>>();
  readonly #earlier: ReadonlyMap<string, readonly EarlierTask[]>;
  readonly #failed: ReadonlyMap<Key | undefined, NonNullable<Reason["failed"]>>;
  readonly #states: ReadonlyMap<number, TaskPreview>;
  readonly namesNow: ArtifactNames;

  constructor(opened: OpenedPreview) {
    const folder = runsFolder(stateFolder, opened.plan.name);
    this.#opened = opened;
    const tasks = readRuns(folder).flatMap((run) => run.tasks.map((task) => ({ run, task })));
    this.#earlier = Map.groupBy(tasks, ({ task }) => task.task);
    this.#failed = failuresOf(latestRun(folder));
    this.#states = new Map(opened.previews.map((preview) => [preview.task.index, preview]));
    this.namesNow = namesNow(opened);
  }

  /** What became of a task in earlier runs, the newest first. */
  of(task: string): readonly EarlierTask[] {
    return this.#earlier.get(task) ?? [];
  }

  /** How the task of a key failed in the last run. */
  failureOf(key: Key): Reason["failed"] {
    return this.#failed.get(key);
  }

  /** Tasks that a task needs and that are not cached. */
  missingFor(needs: readonly number[]): string[] {
    return needs.map((need) => this.#states.get(need)!)
      .filter(({ state }) => state !== "cached").map(({ task }) => task.id);
  }

  /** Names of what the tasks of a run gave. */
  names(run: RunRecord): Promise<ArtifactNames> {
    const found = this.#names.get(run.id) ?? artifactNames(run, this.#opened.store);
    this.#names.set(run.id, found);
    return found;
  }
}

async function explain(preview: TaskPreview, opened: OpenedPreview, past: Past): Promise<Reason> {
  const { task, state, resolved, hit } = preview;
  const base = { task: task.id, state };
  if (!resolved) return { ...base, needs: past.missingFor(task.needs) };
  const { provider, plan } = hit?.manifest.host ?? {};
  const failed = state === "run" ? past.failureOf(resolved.key) : undefined;
  const before = await earlierTask(opened, past.of(task.id), resolved.key);
  const differences = before && explainKey(before.manifest.preimage, resolved.preimage);
  const names = before && differences!.some(isOfArtifact)
    ? { before: await past.names(before.run), after: past.namesNow }
    : undefined;
  return {
    ...base,
    ...(provider ? { provider } : {}),
    ...(plan ? { plan } : {}),
    ...(failed ? { failed } : {}),
    ...(before ? { comparedWith: before.run.id, differences: differences! } : {}),
    ...(state === "run" && !before && !failed ? { past: pastOf(past.of(task.id)) } : {}),
    ...(names ? { names } : {}),
  };
}

const pastWords = {
  none: "it has never run here",
  unfinished: "it has never run to its end here",
  gone: "its earlier results are not in the store any more",
} as const;

function pastOf(earlier: readonly EarlierTask[]): keyof typeof pastWords {
  const states = earlier.map(({ task }) => task.state).filter((state) => state !== "skipped");
  if (states.length === 0) return "none";
  return states.some((state) => state === "ran" || state === "cached") ? "gone" : "unfinished";
}

/** What a run says of the keys that failed in it. */
function failuresOf(
  run: RunRecord | undefined,
): Map<Key | undefined, { run: string; message: string }> {
  const failed = run?.tasks.filter(({ state }) => state === "failed") ?? [];
  return new Map(failed.map(({ key, message = "" }) => [key, { run: run!.id, message }]));
}

/** Names of what the tasks that are cached gave. */
function namesNow({ previews }: OpenedPreview): ArtifactNames {
  return new Map(
    previews.flatMap(({ task, hit }) =>
      Object.entries(hit?.outputs ?? {}).map(([output, { digest }]) =>
        [digest, `${task.id}.${output}`] as const
      )
    ),
  );
}

/** The newest stored result of the same task that had another key. */
async function earlierTask(
  { store }: OpenedPreview,
  earlier: readonly EarlierTask[],
  key: Key,
) {
  for (const { run, task } of earlier) {
    if (!task.key || task.key === key) continue;
    const hit = await store.get(task.key);
    if (hit) return { run, manifest: hit.manifest };
  }
  return undefined;
}

const stateWords = {
  cached: "is cached",
  run: "will run",
  depends: "depends on what runs before it",
} as const;

const noNames = { before: new Map(), after: new Map() } as const;

function printReason(
  { task, state, needs, failed, comparedWith, differences, past, names = noNames, provider, plan }:
    Reason,
): void {
  const how = [...provider ? [`on ${provider}`] : [], ...plan ? [plan] : []].join(": ");
  printLine(`${task} ${stateWords[state]}${how ? ` (computed ${how})` : ""}`);
  if (failed) printLine(`  it failed in run ${failed.run}: ${failed.message.split("\n")[0]}`);
  if (needs) printLine(`  waits for: ${needs.join(", ")}`);
  if (past !== undefined) printLine(`  ${pastWords[past]}`);
  if (!differences) return;
  printLine(`  what differs from run ${comparedWith}:`);
  for (const difference of differences) {
    printLine(`    ${differenceText(difference, names, short)}`);
  }
}

function short(value: Json | undefined): string {
  const text = value === undefined ? "absent" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
