/** An executor whose jobs a test ends by hand: order and parallelism without sleeping. @module */
import type { Executor, SubmitOptions } from "../../lib/pipeline/contract/executor.ts";
import type {
  HostFacts,
  Job,
  JobEvent,
  JobFailure,
  JobResult,
} from "../../lib/pipeline/contract/job.ts";

/** A job in the hands of a test. */
export interface Puppet {
  readonly job: Job;
  readonly signal: AbortSignal;
  succeed(host?: HostFacts): void;
  fail(reason?: JobFailure["reason"], message?: string): void;
  tell(event: JobEvent): void;
}

/** Takes jobs and waits for the test to end them. */
export class PuppetExecutor implements Executor {
  readonly name = "puppet";
  /** Tasks in the order they were started. */
  readonly started: string[] = [];
  readonly running = new Map<string, Puppet>();
  readonly #arrivals: Puppet[] = [];
  readonly #waiting: ((puppet: Puppet) => void)[] = [];
  readonly #onSubmit: ((puppet: Puppet) => void) | undefined;

  /** With `onSubmit` jobs are ended by a function instead of by `next()`. */
  constructor(onSubmit?: (puppet: Puppet) => void) {
    this.#onSubmit = onSubmit;
  }

  submit(job: Job, { signal, onEvent }: SubmitOptions): Promise<JobResult> {
    const { promise, resolve } = Promise.withResolvers<JobResult>();
    const finish = (result: JobResult) => {
      this.running.delete(job.task);
      resolve(result);
    };
    const puppet: Puppet = {
      job,
      signal,
      succeed: (host = { versions: {} }) => finish({ ok: true, durationMs: 1, host }),
      fail: (reason = "error", message = "it broke") =>
        finish({ ok: false, durationMs: 1, reason, message }),
      tell: onEvent,
    };
    signal.addEventListener("abort", () => puppet.fail("cancelled", "stopped"), { once: true });
    this.started.push(job.task);
    this.running.set(job.task, puppet);
    if (this.#onSubmit) this.#onSubmit(puppet);
    else if (this.#waiting.length > 0) this.#waiting.shift()!(puppet);
    else this.#arrivals.push(puppet);
    return promise;
  }

  /** The next job to start, or one that has started and was not yet taken. */
  next(): Promise<Puppet> {
    const arrived = this.#arrivals.shift();
    if (arrived) return Promise.resolve(arrived);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
