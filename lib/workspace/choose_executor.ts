/** Chooses the executor of a run. @module */
import { loadLater } from "./load_later.ts";
import { resolve } from "@std/path";
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import type { Capacity } from "../pipeline/run/capacity.ts";
import type { LocalExecutorOptions } from "../executors/local.ts";
import type { Executor } from "../pipeline/contract/executor.ts";

/** An executor to open, and how much may be handed to it at once. */
export interface ExecutorChoice {
  readonly jobs: number;
  readonly capacity: Capacity;
  /** Opens it for a store. @throws {DiagnosticError} if the machine lacks what it needs. */
  readonly open: (cacheFolder: string) => Promise<Executor>;
}

/** A kind of executor. */
interface ExecutorRow {
  readonly description: string;
  readonly choose: (options: ExecutorOptions) => ExecutorChoice;
}

/** The executors by name. A new one is a file in `lib/executors/` and a row here. */
export const executorTable = {
  local: { description: "processes of this machine", choose: chooseLocal },
  slurm: { description: "jobs on a cluster with Slurm", choose: chooseSlurm },
} satisfies Record<string, ExecutorRow>;

/** Name of an executor. */
export type ExecutorName = keyof typeof executorTable;

/** How tasks are handed out. */
export interface ExecutorOptions {
  /** Most tasks at once; by default as many as there are cores, or 500 in a cluster's queue. */
  readonly jobs?: number | undefined;
  /** Further arguments of sbatch, as one would type them. */
  readonly slurmArgs?: string | undefined;
}

/** The executor of a name. @throws {DiagnosticError} if it does not know the options. */
export function chooseExecutor(name: ExecutorName, options: ExecutorOptions = {}): ExecutorChoice {
  return executorTable[name].choose(options);
}

function chooseLocal({ jobs: asked, slurmArgs }: ExecutorOptions): ExecutorChoice {
  if (slurmArgs !== undefined) {
    throw diagnosticError("usage", "Cannot use --slurm-args: expected --executor slurm with it");
  }
  const cpu = navigator.hardwareConcurrency;
  const jobs = asked ?? cpu;
  return {
    jobs,
    capacity: { cpu: Math.max(cpu, jobs), gpu: numberOfGpus() },
    open: (folder) => Promise.resolve(localLater({ slots: jobs, folder: resolve(folder) })),
  };
}

/** Loaded with the first job: a run that finds everything in the cache has none. */
function localLater(options: LocalExecutorOptions): Executor {
  let opening: Promise<Executor> | undefined;
  const load = async () => {
    const { localExecutor } = await loadLater<typeof import("../executors/local.ts")>(
      new URL("../executors/local.ts", import.meta.url),
    );
    return localExecutor(options);
  };
  return {
    name: "local",
    submit: async (job, submission) => (await (opening ??= load())).submit(job, submission),
    [Symbol.asyncDispose]: async () => await (await opening)?.[Symbol.asyncDispose](),
  };
}

/** GPUs that tasks may ask for: this machine's, taken as one where nobody says otherwise. */
function numberOfGpus(): number {
  const text = Deno.env.get("TVP_GPUS") || "1";
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw diagnosticError(
    "usage",
    `Cannot use TVP_GPUS=${JSON.stringify(text)}: expected a whole number of GPUs, such as 2`,
    ["Without it tasks share one GPU"],
  );
}

/** Jobs in the queue at once: Slurm has its own mind on how many run. */
const queuedJobs = 500;

/** How long logs of failed jobs stay. */
const keptLogsMs = 30 * 24 * 60 * 60 * 1000;

function chooseSlurm({ jobs = queuedJobs, slurmArgs = "" }: ExecutorOptions): ExecutorChoice {
  return {
    jobs,
    capacity: { cpu: Infinity, gpu: Infinity, memoryBytes: Infinity },
    async open(cacheFolder) {
      const { slurmExecutor } = await loadLater<typeof import("../executors/slurm.ts")>(
        new URL("../executors/slurm.ts", import.meta.url),
      );
      const { sweepJobs } = await loadLater<typeof import("../executors/slurm_folder.ts")>(
        new URL("../executors/slurm_folder.ts", import.meta.url),
      );
      const { splitArguments } = await loadLater<typeof import("../executors/slurm_text.ts")>(
        new URL("../executors/slurm_text.ts", import.meta.url),
      );
      const missing = ["sbatch", "squeue", "scancel"].filter((program) => !isOnPath(program));
      if (missing.length > 0) {
        throw diagnosticError(
          "usage",
          `Cannot use --executor slurm: no ${missing.join(", ")} on the PATH`,
          [
            "Run it on a login node of the cluster, or with --executor local",
          ],
        );
      }
      const folder = resolve(Deno.realPathSync(cacheFolder), "slurm");
      sweepJobs(folder, keptLogsMs);
      return slurmExecutor({ folder, extra: splitArguments(slurmArgs) });
    },
  };
}

function isOnPath(program: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${program}`).isFile;
    } catch {
      return false;
    }
  });
}
