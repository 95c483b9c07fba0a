/** What the engine offers a running stage. @module */

/** Progress of a running stage. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /** `steps`, `images`, … */
  readonly unit: string;
  /** Figures to show, such as `{ loss: 0.71 }`. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** The state of a long stage, saved under its key. */
export interface Checkpoint {
  /**
   * The last saved state, or `undefined` on a fresh start.
   *
   * @param read Reads the state; where it gives `undefined`, the state is refused: the stage begins
   * again, and no event says that it goes on. Default: the bytes as they are.
   */
  load<T = Uint8Array>(read?: (state: Uint8Array) => T | undefined): Promise<T | undefined>;
  /** Whether enough time has passed since the last save, or the run is being interrupted. */
  due(): boolean;
  /** Saves the state atomically. */
  save(state: Uint8Array): Promise<void>;
}

/** The device and versions with which a stage ran its models, and what it decided by the machine. */
export interface RuntimeFacts {
  /** `cpu`, `cuda`, `webgpu`: the device that was taken, not the one asked for. */
  readonly provider?: string;
  readonly versions?: Readonly<Record<string, string>>;
  /** How a step was made to fit the memory: `4 of 16 images at once`. */
  readonly plan?: string;
}

/** A device asked for: `auto` takes the best, `cuda:1` the second card, `+tf32` rounds float32 there. */
export type AskedProvider = "auto" | "cpu" | "webgpu" | `cuda${"" | `:${number}`}${"" | "+tf32"}`;

/** The engine's services for a running stage. */
export interface StageContext<O extends string = string> {
  /** The path for an output. It does not exist yet; write a file or make a folder there. */
  output(name: O): string;
  progress(progress: Progress): void;
  /** A line for `tvp logs`. */
  log(line: string): void;
  readonly checkpoint: Checkpoint;
  /** Aborted on SIGINT, SIGTERM, timeout: save a checkpoint, then `throw signal.reason`. */
  readonly signal: AbortSignal;
  /** Device asked for: the provider to hand to `openSession`. */
  readonly provider: AskedProvider;
  /** Call it with each session that was opened, and each plan: the task's manifest holds the facts. */
  ranOn(facts: RuntimeFacts): void;
  /** Threads per session, from `resources.cpu`. */
  readonly threads: number;
  /** Bytes of memory that the task was given, `resources.memory`; absent if it is not set. */
  readonly memory?: number;
  /** How many such tasks may run on the machine at once, and share what memory is free; default 1. */
  readonly sideBySide?: number;
  /** A folder that is kept between tasks of a worker process, for memoised downloads. */
  readonly scratch: string;
}
