/** Collects what is signed with a report: every task that made it, and their sources. @module */
import { isAbsolute, relative } from "@std/path";
import { sourcesOf } from "../attestation/compare_keys.ts";
import { meanOf } from "../attestation/judge.ts";
import type { ReportClaim, SignedTask } from "../attestation/statement.ts";
import { type DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import { startCommand } from "../workspace/start_command.ts";
import { suggestions } from "../diagnostic/suggest.ts";
import { withNeeds } from "../pipeline/plan/graph.ts";
import type { Key } from "../pipeline/contract/key.ts";
import type { Plan, Task } from "../pipeline/plan/plan.ts";
import { previewPlan, type TaskPreview } from "../pipeline/plan/preview.ts";
import type { StoreHit } from "../pipeline/contract/store.ts";
import { headCommit } from "./head_commit.ts";
import type { OpenedPipeline } from "../workspace/open_pipeline.ts";
import { projectRoot } from "../workspace/places.ts";
import { secretValues } from "../workspace/secret_values.ts";
import { RunLayout } from "../workspace/run_folder.ts";
import type { RunRecord } from "../workspace/run_record.ts";

/** An output of a task that a person reads: the report. */
export interface ReportOutput {
  readonly task: Task;
  readonly output: string;
  /** Its path in the folder of a run. */
  readonly path: string;
}

/** Name of the file that is signed where nobody says otherwise. */
const reportName = "report.json";

/**
 * The output to sign: the only one that is called report.json, or the one that is named as
 * `STAGE.OUTPUT`.
 *
 * @throws {DiagnosticError} if there is none, or more than one.
 */
export function findReport(plan: Plan, run: RunRecord, named: string | undefined): ReportOutput {
  const layout = new RunLayout(plan.tasks);
  const ran = new Set(run.tasks.map(({ task }) => task));
  const all = plan.tasks.filter(({ id }) => ran.has(id)).flatMap((task) =>
    [...layout.filesOf(task)].map(([output, path]) => ({ task, output, path }))
  );
  const nameOf = ({ task, output }: ReportOutput) => `${task.id}.${output}`;
  const found = all.filter((each) =>
    named === undefined ? each.path.endsWith(`/${reportName}`) : nameOf(each) === named
  );
  if (found.length === 1) return found[0]!;
  const many = found.map(nameOf);
  const cause = many.length > 0
    ? `it has ${many.length} of the name ${reportName}`
    : named === undefined
    ? `it has no ${reportName}`
    : `it has no output ${named}`;
  const known = many.length > 0 ? many : suggestions(named ?? "", all.map(nameOf));
  throw refuse(run, cause, [`--of STAGE.OUTPUT says what to sign`, ...known]);
}

/**
 * What is claimed of a report: all that it was made of, as the store has it.
 *
 * @throws {DiagnosticError} if a task's result is gone, or would have another key now.
 */
export async function claimReport(
  opened: OpenedPipeline,
  run: RunRecord,
  report: ReportOutput,
): Promise<ReportClaim> {
  const { plan } = opened;
  const selected = withNeeds(plan.tasks, [report.task.index]);
  const recorded = new Map(run.tasks.map(({ task, key }) => [task, key]));
  const provider = await providerInKeys(opened, recorded.get(report.task.id));
  const previews = await previewPlan(plan, { ...opened, selected, ...provider });
  const hits = previews.map((preview) => ({ ...preview, hit: hitOf(preview, recorded, run) }));
  const tasks = await Promise.all(hits.map(({ task, hit }) => signedTask(task, hit)));
  return {
    pipeline: { name: plan.name, file: shownFile(run.file), set: [...run.set ?? []] },
    run: { id: run.id, startedAt: run.startedAt },
    report: { task: report.task.id, output: report.output },
    versions: versions(),
    sources: (await sourcesOf(hits.map(({ task }) => task), opened)).map((source) => ({
      ...source,
      name: secretValues().hide(source.name),
    })),
    tasks,
  };
}

/** What `--strict-provider` has put into the keys of a run. */
async function providerInKeys(
  { store }: OpenedPipeline,
  key: Key | undefined,
): Promise<{ readonly provider?: string }> {
  const hit = key && await store.get(key);
  const provider = hit?.manifest.preimage.provider;
  return provider === undefined ? {} : { provider };
}

function hitOf(
  { task, hit, resolved }: TaskPreview,
  recorded: ReadonlyMap<string, Key | undefined>,
  run: RunRecord,
): StoreHit {
  const again = [`run it again: ${startCommand("run", run.file)}`];
  if (resolved !== undefined && recorded.get(task.id) !== resolved.key) {
    const why = `its inputs have changed: ${startCommand("why", run.file, task.stage)}`;
    throw refuse(run, `${task.id} now has another key`, [why, ...again]);
  }
  if (hit !== undefined) return hit;
  throw refuse(run, `the result of ${task.id} is not in the store`, again);
}

async function signedTask({ id }: Task, { manifest, outputs }: StoreHit): Promise<SignedTask> {
  const { key, preimage, host } = manifest;
  const signed = await Promise.all(
    Object.entries(outputs).map(async ([name, artifact]) => {
      const { type, digest } = manifest.outputs[name]!;
      const mean = await meanOf(artifact);
      return [name, { type, digest, ...(mean === undefined ? {} : { mean }) }] as const;
    }),
  );
  return { task: id, key, preimage, outputs: Object.fromEntries(signed), host };
}

/** Programs that made it, and the commit that the checkout is at. */
export function versions(): Record<string, string> {
  const { name, version } = JSON.parse(
    Deno.readTextFileSync(new URL("deno.json", projectRoot)),
  ) as { name: string; version: string };
  const commit = headCommit(projectRoot.pathname);
  return {
    [name]: version,
    deno: Deno.version.deno,
    target: Deno.build.target,
    ...(commit === undefined ? {} : { commit }),
  };
}

/** Removes this machine's folders, which others need not know. */
function shownFile(file: string): string {
  return isAbsolute(file) ? relative(Deno.cwd(), file) : file;
}

function refuse(run: RunRecord, cause: string, notes: readonly string[]): DiagnosticError {
  const message = `Cannot sign run ${run.id} of ${run.pipeline}: ${cause}`;
  return diagnosticError("unsignable", message, notes);
}
