/** Runs one job in this process. @module */
import { durationText } from "../pipeline/read/amounts.ts";
import { fileCheckpoint } from "../cache/local/checkpoint.ts";
import { isDiskFull } from "../cache/disk/disk_full.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { SubmitOptions } from "../pipeline/contract/executor.ts";
import {
  deviceOf,
  type HostFacts,
  type Job,
  type JobFailure,
  type JobResult,
} from "../pipeline/contract/job.ts";
import { notPermitted } from "./not_permitted.ts";
import { thrownDiagnostic } from "../pipeline/contract/thrown.ts";
import type { Checkpoint, RuntimeFacts, Stage, StageContext } from "../pipeline/contract/stage.ts";

/** Why a signal was aborted, where it was not the user. */
export class TimeoutReason extends DOMException {
  constructor(task: string, timeoutMs: number) {
    super(
      `Cannot finish task "${task}" in time: it took more than ${durationText(timeoutMs)}`,
      "TimeoutError",
    );
  }
}

/** What a job needs to run. */
export interface RunOptions extends SubmitOptions {
  /** Aborts the signal if it should be, where a busy thread has not got to hear of it yet. */
  readonly poll?: () => void;
}

/** Runs a job in this process. Never rejects. */
export async function runJob(job: Job, options: RunOptions): Promise<JobResult> {
  const startMs = performance.now();
  const restore = setEnvironment(job.environment);
  try {
    options.signal.throwIfAborted();
    const stage = (await import(job.module) as { default: Stage }).default;
    const ranOn: RuntimeFacts[] = [];
    await stage.run(job.parameters, stageContext(job, { ...options, ranOn }));
    await checkOutputs(job);
    return { ok: true, durationMs: performance.now() - startMs, host: hostFacts(ranOn) };
  } catch (error) {
    return failure(error, job, { ...options, durationMs: performance.now() - startMs });
  } finally {
    restore();
  }
}

/** Looks at what the stage has written, with the code that knows what artifacts are. */
async function checkOutputs({ check, outputs }: Job): Promise<void> {
  if (check === undefined) return;
  const { checkOutputs } = await import(check.module) as OutputChecker;
  await checkOutputs(
    Object.entries(outputs).map(([name, path]) => ({ name, path, type: check.types[name]! })),
  );
}

interface OutputChecker {
  checkOutputs(
    outputs: readonly { readonly name: string; readonly type: string; readonly path: string }[],
  ): Promise<void>;
}

function stageContext(
  job: Job,
  { signal, onEvent, poll = () => {}, ranOn }: RunOptions & { readonly ranOn: RuntimeFacts[] },
): StageContext {
  const log = (line: string) => onEvent({ type: "log", line });
  return {
    output: (name) => outputPath(job, name),
    progress: (progress) => {
      poll();
      onEvent({ type: "progress", progress });
    },
    log,
    signal,
    provider: job.provider,
    ranOn: (facts) => ranOn.push(facts),
    threads: job.resources.cpu,
    ...(job.resources.memoryBytes === undefined ? {} : { memory: job.resources.memoryBytes }),
    ...(job.sideBySide === undefined ? {} : { sideBySide: job.sideBySide }),
    scratch: job.scratch,
    checkpoint: polled(
      poll,
      fileCheckpoint({
        path: job.checkpoint,
        intervalMs: job.checkpointIntervalMs,
        signal,
        facts: checkpointFacts(job),
        onSaved: (bytes) => onEvent({ type: "checkpoint", bytes }),
        onResumed: () => onEvent({ type: "resumed" }),
        onRefused: (reason) => log(`Starts from the beginning: ${reason}`),
      }),
    ),
  };
}

function polled(poll: () => void, checkpoint: Checkpoint): Checkpoint {
  const due = () => {
    poll();
    return checkpoint.due();
  };
  return { ...checkpoint, due };
}

function outputPath(job: Job, name: string): string {
  const path = job.outputs[name];
  if (path !== undefined) return path;
  const known = Object.keys(job.outputs).map((output) => `"${output}"`).join(", ");
  throw new RangeError(
    `Cannot write output "${name}": stage "${job.stage}" declares ${known || "none"}`,
  );
}

function checkpointFacts({ provider, resources }: Job): Record<string, string> {
  return {
    provider: deviceOf(provider),
    threads: `${resources.cpu}`,
    runtime: `deno ${Deno.version.deno}`,
  };
}

function hostFacts(ranOn: readonly RuntimeFacts[]): HostFacts {
  const { deno, v8 } = Deno.version;
  const providers = [...new Set(ranOn.flatMap(({ provider }) => provider ?? []))].sort();
  const plans = [...new Set(ranOn.flatMap(({ plan }) => plan ?? []))];
  const own = { deno, v8, os: `${Deno.build.os} ${Deno.build.arch}` };
  return {
    ...(providers.length === 0 ? {} : { provider: providers.join(" and ") }),
    versions: Object.assign(own, ...ranOn.map(({ versions }) => versions)),
    ...(plans.length === 0 ? {} : { plan: plans.join(", then ") }),
  };
}

function failure(
  error: unknown,
  job: Job,
  { signal, durationMs }: { readonly signal: AbortSignal; readonly durationMs: number },
): JobFailure {
  const known = diagnosticsOf(error, job);
  const own = known !== undefined || signal.aborted
    ? undefined
    : thrownDiagnostic(error, job.module);
  const diagnostics = known ?? (own && [own]);
  const reason = signal.aborted && diagnostics === undefined ? abortReason(signal) : "error";
  const stack = error instanceof Error ? error.stack : undefined;
  return {
    ok: false,
    durationMs,
    reason,
    message: diagnostics?.map(({ message }) => message).join("\n") ?? messageOf(error),
    ...stack === undefined ? {} : { stack },
    ...diagnostics === undefined ? {} : { diagnostics },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a signal was aborted for time or by the user. */
export function abortReason(signal: AbortSignal): "timeout" | "cancelled" {
  return (signal.reason as Error | undefined)?.name === "TimeoutError" ? "timeout" : "cancelled";
}

function diagnosticsOf(error: unknown, job: Job): readonly Diagnostic[] | undefined {
  if (error instanceof DiagnosticError) return error.diagnostics;
  const refused = notPermitted(error, job);
  if (refused !== undefined) return [refused];
  if (!isDiskFull(error)) return undefined;
  const message = "Cannot write an output: no space left on the device of the cache";
  const notes = [
    "What was stored before is intact; free space, for example with: tvp gc",
  ];
  return [{ code: "disk-full", severity: "error", message, notes }];
}

/** Sets variables, and returns what sets them back. */
function setEnvironment(environment: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(environment).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(environment)) Deno.env.set(name, value);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  };
}
