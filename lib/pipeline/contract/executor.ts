/** Defines an executor, which runs jobs. @module */
import type { Job, JobEvent, JobResult } from "./job.ts";

/** Options of a submission. */
export interface SubmitOptions {
  /**
   * Aborting asks the stage to save its state and stop (`StageContext.signal`); the executor waits
   * a grace period, then kills the process. The result is then `cancelled`.
   */
  readonly signal: AbortSignal;
  readonly onEvent: (event: JobEvent) => void;
}

/**
 * Runs jobs: in this process, in a pool of worker processes, on a cluster. How many at once is the
 * scheduler's business: it submits no more than `RunOptions.jobs` at a time, and trivial ones.
 */
export interface Executor extends AsyncDisposable {
  /** `local`, `slurm`. */
  readonly name: string;
  submit(job: Job, options: SubmitOptions): Promise<JobResult>;
}
