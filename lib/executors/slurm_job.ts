/**
 * Runs one task of a batch as a Slurm job on its node. It talks to the runner through the task's
 * folder, and does not need the runner to be there.
 *
 * @module
 */
import type { Job, JobEvent } from "../pipeline/contract/job.ts";
import { LogLimit } from "../pipeline/run/log_limit.ts";
import { Redactor } from "../trust/redactor.ts";
import { isSecret, looksSecret } from "../trust/secrets.ts";
import { localExecutor } from "./local.ts";
import { keyVariable } from "./sealed_text.ts";
import { batchTask, TaskFolder } from "./slurm_folder.ts";

/** Shortest time between two lines of progress: the file may lie on a network. */
const PROGRESS_MS = 1000;

/** Slurm kills 30 s after its warning if nothing else is configured. */
const GRACE_MS = 20_000;

/** Bytes that the runner has to have for the last lines of a long log. */
const endOfLog = 1 << 20;

/** Runs a task; the exit code is for Slurm's records. */
async function runTaskOfBatch(batch: string, index: number): Promise<number> {
  const folder = new TaskFolder(batchTask(batch, index));
  const { job, outputs } = folder.readJob(takeKey());
  folder.clearResult();
  using events = folder.openEvents();
  const stop = new AbortController();
  const onTerm = () => stop.abort(new DOMException("Slurm ends the job", "AbortError"));
  Deno.addSignalListener("SIGTERM", onTerm);
  await using executor = localExecutor({ slots: 1, graceMs: GRACE_MS });
  const hide = hiderOf(job);
  const write = eventWriter(events, hide);
  const log = new LogLimit((line) => write({ type: "log", line }), endOfLog);
  const onEvent = (event: JobEvent) => event.type === "log" ? log.take(event.line) : write(event);
  const result = await executor.submit(job, { signal: stop.signal, onEvent });
  log.end();
  folder.writeResult({ id: ownId(), outputs, result: JSON.parse(hide(JSON.stringify(result))) });
  Deno.removeSignalListener("SIGTERM", onTerm);
  return result.ok ? 0 : result.reason === "cancelled" ? 130 : 1;
}

/** The key of what the job is given. @throws {RangeError} If it did not come with the job. */
function takeKey(): string {
  const key = Deno.env.get(keyVariable);
  if (key === undefined) throw new RangeError(`Cannot read the job: ${keyVariable} is missing`);
  Deno.env.delete(keyVariable);
  return key;
}

/** The id that Slurm shows for this job. */
function ownId(): string {
  const element = Deno.env.get("SLURM_ARRAY_TASK_ID");
  return element === undefined
    ? Deno.env.get("SLURM_JOB_ID") ?? ""
    : `${Deno.env.get("SLURM_ARRAY_JOB_ID")}_${element}`;
}

/** Hides the secrets that a task was given: its messages lie on a disk until the runner reads them. */
function hiderOf({ environment }: Job): (text: string) => string {
  const redactor = new Redactor();
  for (const [name, value] of Object.entries(environment)) {
    if (isSecret(name, value) || looksSecret(value)) redactor.add(name, value);
  }
  return (text) => redactor.hide(text);
}

function eventWriter(
  file: Deno.FsFile,
  hide: (text: string) => string,
): (event: JobEvent) => void {
  const encoder = new TextEncoder();
  let toldMs = -Infinity;
  return (event) => {
    if (event.type === "progress") {
      const nowMs = performance.now();
      const isLast = event.progress.done === event.progress.total;
      if (!isLast && nowMs - toldMs < PROGRESS_MS) return;
      toldMs = nowMs;
    }
    file.writeSync(encoder.encode(`${hide(JSON.stringify(event))}\n`));
  };
}

if (import.meta.main) {
  const index = Number(Deno.env.get("SLURM_ARRAY_TASK_ID") ?? 0);
  Deno.exit(await runTaskOfBatch(Deno.args[0]!, index));
}
