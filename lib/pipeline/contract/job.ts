/** Defines a job, one task for an executor: its inputs, its messages, its result. @module */
import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import type { Json, Key } from "./key.ts";
import type { ArtifactType, AskedProvider, Isolation, Progress, StagePermission } from "./stage.ts";

/** The resources that a task may use. */
export interface Resources {
  /** Threads of an ONNX Runtime session, and what the scheduler counts; default 2. */
  readonly cpu: number;
  readonly gpu: number;
  readonly memoryBytes?: number;
  /** Time asked for on a cluster. */
  readonly timeMs?: number;
}

/** Options of a pipeline file for where its tasks run; of no influence on keys. */
export interface ExecutorSettings {
  readonly slurm?: {
    readonly partition?: string;
    readonly account?: string;
    readonly qos?: string;
    readonly constraint?: string;
    readonly reservation?: string;
    /** Generic resources, `gpu:a100:1`, instead of what `resources.gpu` says. */
    readonly gres?: string;
    /** Lines of shell before the task, such as `module load cuda`. */
    readonly setup?: string;
    /** Further arguments of `sbatch`. */
    readonly args?: readonly string[];
  };
}

/** A task ready to run. Plain data: it crosses process borders as JSON. */
export interface Job {
  /** `prompt[loss=tvp,seed=0]`: for messages. */
  readonly task: string;
  readonly key: Key;
  /** `optimize-prompt`: for messages. */
  readonly stage: string;
  /** URL of the stage's module; its default export is the `Stage`. */
  readonly module: string;
  readonly isolation: Isolation;
  /** What its stage type has declared. */
  readonly permissions: readonly StagePermission[];
  readonly places: JobPlaces;
  /**
   * What `stage.run` gets: parsed by the stage's schema (not to be parsed again), with `Artifact`,
   * `ModelSource` and `DatasetSource` objects instead of what the user wrote.
   */
  readonly parameters: Json;
  /** Absolute paths to write, one an output; the parent folder exists, the path does not. */
  readonly outputs: Readonly<Record<string, string>>;
  /** How outputs are checked before they are kept; without it they are not checked. */
  readonly check?: OutputCheck;
  /** Absolute path of the task's checkpoint, in a folder that exists; written by rename. */
  readonly checkpoint: string;
  /** Shortest time between two checkpoints; `Checkpoint.due()` is true after it, and once aborted. */
  readonly checkpointIntervalMs: number;
  /** Folder kept between tasks, for `context.scratch`. */
  readonly scratch: string;
  readonly provider: AskedProvider;
  readonly resources: Resources;
  /** How many such jobs may run on the machine at once; default 1. */
  readonly sideBySide?: number;
  readonly executor?: ExecutorSettings;
  /** Added to the process environment of the stage. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Absolute paths of files and folders that a job's process may use, as all of a run do. */
export interface JobPlaces {
  readonly read: readonly string[];
  /** Folders of models, whose weight files the project's own stages may also link. */
  readonly models: readonly string[];
  /** Parents of the folders and files that it writes. */
  readonly write: readonly string[];
}

/** A check of the outputs of a job, in the process that ran it. */
export interface OutputCheck {
  /** URL of a module with a function `checkOutputs`, which throws a `DiagnosticError`. */
  readonly module: string;
  readonly types: OutputTypes;
}

/** Told while a job runs. */
export type JobEvent =
  | { readonly type: "progress"; readonly progress: Progress }
  | { readonly type: "log"; readonly line: string }
  /** A checkpoint was saved: `bytes` long, at `Job.checkpoint`. */
  | { readonly type: "checkpoint"; readonly bytes: number }
  /** The job started from a saved state. */
  | { readonly type: "resumed" }
  /** What the queue of a cluster says of it, reported when it changes. */
  | { readonly type: "queue"; readonly queue: QueueState };

/** The place of a job in the queue of a cluster. */
export interface QueueState {
  /** The cluster's name for the job: `123_4`. */
  readonly id: string;
  readonly phase: "waits" | "runs";
  /** Why it waits: `Resources`. */
  readonly reason?: string;
  /** Where it runs. */
  readonly node?: string;
  /** What to do if it would wait forever. */
  readonly advice?: string;
}

/** How a job ended. A failure of a stage is a result and never a rejected promise. */
export type JobResult =
  | { readonly ok: true; readonly durationMs: number; readonly host: HostFacts }
  | JobFailure;

/** The reason why a job has no outputs. */
export interface JobFailure {
  readonly ok: false;
  readonly durationMs: number;
  /**
   * `error`: the stage threw; `crash`: its process died; `timeout`: `timeoutMs` passed;
   * `cancelled`: the signal was aborted (a checkpoint, if any, has been saved).
   */
  readonly reason: "error" | "crash" | "timeout" | "cancelled";
  /** Present where it was cancelled before it began. */
  readonly began?: false;
  /** Present where it was cancelled and a state that it has saved is kept. */
  readonly saved?: true;
  /** `DiagnosticError: …` keeps its diagnostics in `diagnostics`. */
  readonly message: string;
  readonly stack?: string;
  readonly diagnostics?: readonly Diagnostic[];
}

/** Facts about the machine that ran it: kept in the manifest, never in a key or an artifact. */
export interface HostFacts {
  /** The provider that really ran, if the stage opened a session. */
  readonly provider?: string;
  readonly versions: Readonly<Record<string, string>>;
  /** How steps were made to fit the memory, which rounds differently: the plans in their order. */
  readonly plan?: string;
}

/** Type of each output, for the store. */
export type OutputTypes = Readonly<Record<string, ArtifactType>>;

/** The kind of device that is asked for: which of several cards it is makes no difference to results. */
export function deviceOf(provider: AskedProvider): string {
  return provider.replace(/:\d+/, "");
}

/** The provider on a card of its own, where CUDA is asked for without one. */
export function onCard(provider: AskedProvider, card: number | undefined): AskedProvider {
  if (card === undefined || !/^cuda(\+|$)/.test(provider)) return provider;
  return provider.replace("cuda", `cuda:${card}`) as AskedProvider;
}
