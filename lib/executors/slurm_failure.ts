/** Says why Slurm ended a job: job, state, log, and what to change. @module */
import { format as formatBytes } from "@std/fmt/bytes";
import type { Job, JobFailure } from "../pipeline/contract/job.ts";
import { shellWord } from "../trust/shell_word.ts";
import { formatTimeLimit, type QueueRow } from "./slurm_text.ts";

/** A job that has ended without a result of its own. */
export interface EndedJob {
  readonly job: Job;
  readonly id: string;
  /** What Slurm last said about it; absent if Slurm no longer knows it. */
  readonly row?: QueueRow;
  /** What the job printed. */
  readonly logPath: string;
  readonly lastLines: readonly string[];
  /** Whether the task saved its state in this job. */
  readonly saved: boolean;
  /** Whether it ended on its own, after Slurm asked it to. */
  readonly wasTold: boolean;
}

interface StateRow {
  readonly reason: JobFailure["reason"];
  /** After "Slurm job 123 on node7". */
  readonly says: string;
  readonly advice?: (ended: EndedJob) => string;
}

const again = () => "nothing in the task failed: run it again, or set retries";

/** The states in which Slurm ends a job that did not end on its own. */
const states: Readonly<Record<string, StateRow>> = {
  TIMEOUT: { reason: "timeout", says: "reached its time limit", advice: moreTime },
  DEADLINE: { reason: "timeout", says: "reached its deadline", advice: moreTime },
  OUT_OF_MEMORY: { reason: "crash", says: "ran out of memory", advice: moreMemory },
  NODE_FAIL: { reason: "crash", says: "lost its node", advice: again },
  BOOT_FAIL: { reason: "crash", says: "could not start: its node did not boot", advice: again },
  PREEMPTED: { reason: "crash", says: "was preempted by another job", advice: again },
  REVOKED: { reason: "crash", says: "was taken back by the federation", advice: again },
  CANCELLED: {
    reason: "cancelled",
    says: "was cancelled with scancel or by an administrator",
    advice: () => "run the pipeline again to go on",
  },
  FAILED: { reason: "crash", says: "failed before the task could say why" },
  COMPLETED: {
    reason: "crash",
    says: "ended without a result",
    advice: () => "the store must be on a file system that the nodes share: see --cache",
  },
};

const told: StateRow = {
  reason: "timeout",
  says: "was asked to end before its time limit",
  advice: moreTime,
};

const unknown: StateRow = {
  reason: "crash",
  says: "is no longer known to Slurm, and left no result",
  advice: again,
};

const memoryLine = /exceeded (step |job )?memory limit|oom[-_ ]?kill/i;

/** The failure of a job, with notes on its state, its log and what to raise. */
export function slurmFailure(ended: EndedJob, durationMs: number): JobFailure {
  const { job, id, row, logPath, lastLines, saved } = ended;
  const state = stateRow(ended);
  const where = row?.nodes ? ` on ${row.nodes}` : "";
  const time = row?.elapsed ? ` after ${row.elapsed}` : "";
  const message = `Cannot finish task "${job.task}": Slurm job ${id}${where} ${state.says}${time}`;
  const notes = [
    ...(row === undefined ? [] : [`State: ${row.state}${row.reason ? ` (${row.reason})` : ""}`]),
    ...(state.advice ? [state.advice(ended)] : []),
    ...(saved ? ["Its state is saved: the next run goes on from there"] : []),
    `Log: ${logPath}`,
    ...lastLines.map((line) => `  ${line}`),
  ];
  const diagnostics = [{ code: "slurm-job", severity: "error", message, notes }] as const;
  return { ok: false, durationMs, reason: state.reason, message, diagnostics };
}

function stateRow({ row, wasTold, lastLines }: EndedJob): StateRow {
  if (wasTold) return told;
  // Where Slurm itself watches the memory, its word on it is in the log and not in the state.
  if (lastLines.some((line) => memoryLine.test(line))) return states.OUT_OF_MEMORY!;
  if (row === undefined) return unknown;
  return states[row.state] ?? { reason: "crash", says: `ended with state ${row.state}` };
}

function moreTime({ job, row }: EndedJob): string {
  const { timeMs } = job.resources;
  const now = timeMs === undefined ? "the partition's default" : formatTimeLimit(timeMs);
  const limit = row?.state === "DEADLINE" ? "the deadline" : "resources.time";
  return `raise ${limit} of stage ${stageOf(job)}, now ${now}`;
}

function moreMemory({ job }: EndedJob): string {
  const { memoryBytes } = job.resources;
  const now = memoryBytes === undefined
    ? "the partition's default"
    : formatBytes(memoryBytes, { binary: true });
  return `raise resources.memory of stage ${stageOf(job)}, now ${now}`;
}

/** The stage in the pipeline file, where its resources are set: `prompt` of `prompt[seed=0]`. */
const stageOf = ({ task }: Job): string => task.split("[")[0]!;

/** What `sbatch` says of jobs that Slurm does not take. */
export interface Refusal {
  /** The last line of its complaint. */
  readonly cause: string;
  /** The lines before it. */
  readonly before: readonly string[];
  readonly command: readonly string[];
  /** The first task of the batch, which tells everything for all of them. */
  readonly firstTask: string;
}

/** The failure of a submission: whole for the first task of a batch, short for the others. */
export function submitFailure(job: Job, refusal: Refusal): JobFailure {
  const { cause, firstTask } = refusal;
  const message = `Cannot submit task "${job.task}" to Slurm: ${cause}`;
  const notes = job.task === firstTask
    ? refusalNotes(refusal)
    : [`it was in one job array with ${firstTask}, which says more`];
  const diagnostics = [{ code: "slurm-submit", severity: "error", message, notes }] as const;
  return { ok: false, durationMs: 0, reason: "error", message, diagnostics };
}

function refusalNotes({ cause, before, command }: Refusal): string[] {
  return [
    ...before.map((line) => `sbatch: ${line}`),
    "partition, account, qos, gres and constraint are set in executor.slurm of the pipeline file",
    ...(/array/i.test(cause)
      ? [
        "the cluster limits arrays, see MaxArraySize in scontrol show config; --jobs N submits fewer",
      ]
      : []),
    `Command: ${command.map(shellWord).join(" ")}`,
  ];
}
