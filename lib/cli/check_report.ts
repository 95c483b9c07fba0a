/** Checks of a signed report that run nothing. @module */
import { compareKeys, type OtherKey, sourcesOf } from "../attestation/compare_keys.ts";
import type { SignedSource, SignedTask, Statement } from "../attestation/statement.ts";
import { digestFile } from "../cache/digest/digest.ts";
import { ifThere } from "../cache/disk/system_error.ts";
import { withNeeds } from "../pipeline/plan/graph.ts";
import type { Plan, Task } from "../pipeline/plan/plan.ts";
import type { OpenedPipeline } from "../workspace/open_pipeline.ts";
import { secretValues } from "../workspace/secret_values.ts";
import { count } from "./print.ts";
import { versions } from "./report_claim.ts";

/** One thing that was looked at. */
export interface ReportCheck {
  readonly name:
    | "signature"
    | "report"
    | "pipeline"
    | "code"
    | "models"
    | "data"
    | "tasks"
    | "recomputed";
  readonly state: "good" | "bad" | "open";
  readonly said: string;
  readonly notes?: readonly string[];
}

/** Most lines that are reported of one thing. */
const maxNotes = 10;

/** A check with its notes, as many as help. */
export function check(
  name: ReportCheck["name"],
  state: ReportCheck["state"],
  said: string,
  notes: readonly string[] = [],
): ReportCheck {
  const more = notes.length > maxNotes ? [`and ${notes.length - maxNotes} more`] : [];
  return { name, state, said, notes: [...notes.slice(0, maxNotes), ...more] };
}

/** Whether the report has the bytes that are signed. */
export async function checkBytes(path: string, { subject }: Statement): Promise<ReportCheck> {
  if (ifThere(() => Deno.statSync(path))?.isFile !== true) {
    return check("report", "bad", `there is no file ${path}`);
  }
  const isSame = await digestFile(path) === subject[0]!.digest.sha256;
  return isSame
    ? check("report", "good", "the bytes that were signed")
    : check("report", "bad", `${path} is not the file that was signed`);
}

/** Says what is planned again: somebody else has chosen it. */
export function pipelineRow(file: string, { predicate }: Statement): ReportCheck {
  const { set } = predicate.pipeline;
  return check("pipeline", "good", set.length === 0 ? file : `${file} with ${set.join(", ")}`);
}

/** Tasks of a plan that a signed report is made of, and what is claimed of them. */
export interface ClaimedTasks {
  readonly tasks: readonly Task[];
  /** Index of the task that wrote the report. */
  readonly report: number;
  readonly signed: ReadonlyMap<string, SignedTask>;
}

/** Finds the report's task and all it needs; `undefined` where the plan has no such task. */
export function claimedTasks(plan: Plan, { predicate }: Statement): ClaimedTasks | undefined {
  const report = plan.tasks.find(({ id }) => id === predicate.report.task)?.index;
  if (report === undefined) return undefined;
  const needed = withNeeds(plan.tasks, [report]);
  const signed = new Map(predicate.tasks.map((task) => [task.task, task]));
  return { report, tasks: plan.tasks.filter(({ index }) => needed.has(index)), signed };
}

/** Compares this pipeline with what is signed: code, models, data, and all keys. */
export async function checkSources(
  { tasks, signed }: ClaimedTasks,
  opened: OpenedPipeline,
  { predicate }: Statement,
): Promise<readonly ReportCheck[]> {
  const here = await sourcesOf(tasks, opened);
  const others = await compareKeys(signed, tasks, opened);
  const changed = changedSources(predicate.sources, here);
  const of = (kinds: readonly SignedSource["kind"][]) => ({
    all: predicate.sources.filter(({ kind }) => kinds.includes(kind)).length,
    changed: changed.filter(({ kind }) => kinds.includes(kind)),
  });
  return [
    checkCode(others, of(["code"]).changed, { signed, commit: predicate.versions.commit }),
    checkContents("models", of(["model"])),
    checkContents("data", of(["dataset", "file", "artifact"])),
    checkKeys(others, signed),
  ];
}

function checkCode(
  others: readonly OtherKey[],
  changed: readonly SignedSource[],
  { signed, commit }: {
    readonly signed: ReadonlyMap<string, SignedTask>;
    readonly commit: string | undefined;
  },
): ReportCheck {
  const stages = new Set([...signed.values()].map(({ preimage }) => preimage.stage));
  const other = new Set(
    others.filter(({ fields }) => fields.includes("code"))
      .map(({ task }) => signed.get(task)!.preimage.stage),
  );
  const names = [...other, ...changed.map(({ name }) => name)];
  if (names.length === 0) return check("code", "good", count(stages.size, "stage type"));
  const isOther = commit !== undefined && commit !== versions().commit;
  const notes = isOther ? [`it was signed at commit ${commit}`] : [];
  return check("code", "bad", `the code differs here: ${names.join(", ")}`, notes);
}

function checkContents(
  name: "models" | "data",
  { all, changed }: { readonly all: number; readonly changed: readonly SignedSource[] },
): ReportCheck {
  if (changed.length === 0) return check(name, "good", all === 0 ? "none is named" : `${all}`);
  return check(
    name,
    "bad",
    `the contents differ here: ${changed.map(({ name }) => name).join(", ")}`,
  );
}

/** What is signed and has other contents here; what is not asked for here at all shows in the keys. */
function changedSources(
  signed: readonly SignedSource[],
  here: readonly SignedSource[],
): readonly SignedSource[] {
  const known = new Map(here.map((source) => [nameOf(source), source.digest]));
  return signed.filter((source) => {
    const digest = known.get(nameOf(source));
    return digest !== undefined && digest !== source.digest;
  });
}

function nameOf({ kind, name }: SignedSource): string {
  return `${kind} ${secretValues().hide(name)}`;
}

function checkKeys(
  others: readonly OtherKey[],
  signed: ReadonlyMap<string, SignedTask>,
): ReportCheck {
  if (others.length === 0) return check("tasks", "good", `${count(signed.size, "task")}, all keys`);
  const notes = others.map(({ task, fields }) =>
    fields.length > 0
      ? `${task}: ${fields.join(", ")}`
      : signed.has(task)
      ? `${task} is not in the pipeline here`
      : `${task} is not signed`
  );
  return check(
    "tasks",
    "bad",
    `${others.length} of ${signed.size} have different keys here`,
    notes,
  );
}
