/** How long a remote that failed is left alone. */
const REST_MS = { first: 30_000, longest: 600_000 };

/** What a breaker needs. */
export interface BreakerOptions {
  /** Asks the remote for anything, in the background; rejects while it does not answer. */
  readonly probe: () => Promise<unknown>;
  /** Called when the remote answers again. */
  readonly onClosed: () => void;
  readonly now?: () => number;
}

/**
 * Keeps away from a remote that failed, so that it slows nothing down. After a while, and then in
 * ever longer intervals, it is asked in the background whether it is back.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #controller = new AbortController();
  #untilMs = 0;
  #restMs = REST_MS.first;
  #isProbing = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Aborted when the remote fails: what else is under way with it would only wait. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isOpen(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Whether the remote may be used. Sets off a probe where it is time for one. */
  allows(): boolean {
    if (this.isOpen && !this.#isProbing && this.#now() >= this.#untilMs) this.#probe();
    return !this.isOpen;
  }

  /** Keeps away from now on, for longer each time, and never shorter than the remote asked for. */
  fail(error: Error, atLeastMs = 0): void {
    this.#untilMs = this.#now() + Math.max(atLeastMs, this.#restMs);
    this.#restMs = Math.min(REST_MS.longest, this.#restMs * 2);
    this.#controller.abort(error);
  }

  /** Keeps away for good. */
  giveUp(error: Error): void {
    this.fail(error, Infinity);
  }

  #now(): number {
    return (this.#options.now ?? performance.now.bind(performance))();
  }

  #probe(): void {
    this.#isProbing = true;
    this.#options.probe().then(() => {
      this.#controller = new AbortController();
      this.#options.onClosed();
    }, (error) => this.fail(error)).finally(() => this.#isProbing = false);
  }
}
