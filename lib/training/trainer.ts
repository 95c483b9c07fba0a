/**
 * The one loop that trains: prompts on frozen models, and the weights of networks. The batch of a
 * step follows from its number alone, so that a training that was interrupted ends with the same
 * bits as one that was not.
 *
 * @module
 */
import { openSession, ranOnWith, type Session, type SessionOptions } from "../runtime/session.ts";
import { type ParameterPlace, parameterTensors } from "../tensor/flat_parameters.ts";
import { Random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { type Fingerprint, fingerprintOf } from "./fingerprint.ts";
import { applyUpdate, type UpdateRule } from "./optimizer.ts";
import { combined, type Gradient, type Search, type SearchOptions } from "./searches/search.ts";
import { isOutOfMemory, type MemoryPlan } from "./memory_plan.ts";
import { estimateGradient, type SpsaOptions } from "./spsa.ts";
import { gradientIn, lossesIn, meanLosses, type TrainingGraph } from "./training_graph.ts";
import {
  decodeTrainingState,
  encodeTrainingState,
  type TrainingState,
  TrainingStateError,
} from "./training_state.ts";

type Feeds = Readonly<Record<string, Tensor>>;

/** What is trained, by which rule, on what. */
export interface Training {
  readonly graph: TrainingGraph;
  /** The parameters, inputs of the graph, where they lie in the flat array of values. */
  readonly places: readonly ParameterPlace[];
  /** Values before training. */
  readonly initial: Float32Array;
  /** How fast each value is trained, 0 where it is not. */
  readonly rates: Float32Array;
  readonly rule: UpdateRule;
  /** For rules that estimate gradients. */
  readonly spsa?: SpsaOptions & { readonly seed: number };
  /** Where gradients are taken; default at the values. */
  readonly search?: SearchOptions & {
    readonly rule: Search;
    readonly seed: number;
    readonly sources: number;
  };
  /**
   * The runs of a step, each fed by itself, and how much each counts in the mean of their gradients:
   * the number of its images. Default one run.
   */
  readonly runs?: readonly number[];
  readonly steps: number;
  /** Learning rate of a step, which counts from 0. */
  lr(step: number): number;
  /** Everything but the parameters that a run of a step takes; both count from 0. */
  feeds(step: number, run: number): Feeds | Promise<Feeds>;
  /** Moves the values, in place, to where they may be. */
  project?(values: Float32Array): void;
  /** How the graph fits the memory: a saved state says with which plan it goes on. */
  readonly plan?: MemoryPlan;
}

/** A step did not fit the memory. */
export class OutOfMemory extends Error {
  override readonly name = "OutOfMemory";
  /** What to go on from with a graph that takes less; undefined where there is no state yet. */
  readonly state: TrainingState | undefined;

  constructor(state: TrainingState | undefined, cause: unknown) {
    const said = cause instanceof Error ? `: ${cause.message.split("\n", 1)[0]}` : "";
    super(`Cannot train: a step does not fit the memory${said}`, { cause });
    this.state = state;
  }
}

/** What a step came to. */
export type StepMetrics = Readonly<Record<string, number>> & {
  readonly loss: number;
  /** Norm of the gradient. */
  readonly norm: number;
};

/** What a training may use of its surroundings. */
export interface TrainingHost {
  /** Default `cpu`. */
  readonly provider?: NonNullable<SessionOptions["provider"]>;
  /** Default 1. */
  readonly threads?: number;
  /** Bytes of memory that it was given; default what is free. */
  readonly memory?: number;
  /** How many such trainings may run at once, and share what is free; default 1. */
  readonly sideBySide?: number;
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
  /** Called with what each session runs on. */
  readonly onOpen?: NonNullable<SessionOptions["onOpen"]>;
  /** Called with how a step is computed to fit the memory: `4 of 16 images at once`. */
  readonly onPlan?: (plan: string) => void;
  /** Called after every step, which counts from 1, with loss, terms and the gradient's norm. */
  readonly onStep?: (step: number, metrics: StepMetrics) => void;
  readonly checkpoint?: {
    /** The saved state as `read` returns it; `undefined` if there is none or it is refused. */
    load<T>(read: (state: Uint8Array) => T | undefined): Promise<T | undefined>;
    due(): boolean;
    save(state: Uint8Array): Promise<void>;
  };
}

/** How sessions of a training are opened. */
export function sessionOptionsOf(host: TrainingHost): SessionOptions {
  const { provider = "cpu", threads = 1, log, onOpen } = host;
  return { provider, threads, ...(log ? { log } : {}), ...(onOpen ? { onOpen } : {}) };
}

/** Names of the arrays that rule and search keep. */
function momentsOf({ rule, search }: Pick<Training, "rule" | "search">): readonly string[] {
  return [...rule.moments, ...search?.rule.moments ?? []];
}

/** What of a training says which values it has. */
type ParametersOf = "initial" | "rule" | "search";

/** The state of a training that has not begun. */
export function startOf(training: Pick<Training, ParametersOf>): TrainingState {
  const { initial } = training;
  const moments = momentsOf(training).map((name) =>
    [name, new Float32Array(initial.length)] as const
  );
  return { step: 0, values: initial.slice(), moments: Object.fromEntries(moments), curve: [] };
}

/** The conditions of a training in its surroundings. */
async function conditionsOf(
  { graph }: Pick<Training, "graph">,
  host: TrainingHost,
): Promise<Fingerprint> {
  const { provider = "cpu", threads = 1 } = host;
  return await fingerprintOf(graph.model, { provider: await ranOnWith(provider), threads });
}

/** The saved state where it is of this training on this device; what speaks against it is logged. */
export async function savedState(
  training: Pick<Training, ParametersOf | "graph">,
  host: TrainingHost,
): Promise<TrainingState | undefined> {
  if (host.checkpoint === undefined) return undefined;
  const fingerprint = await conditionsOf(training, host);
  return await host.checkpoint.load((bytes) => {
    try {
      const values = training.initial.length;
      const expected = { fingerprint, values, moments: momentsOf(training) };
      const state = decodeTrainingState(bytes, expected);
      host.log?.(`continues after step ${state.step}`);
      return state;
    } catch (error) {
      if (!(error instanceof TrainingStateError)) throw error;
      host.log?.(`starts again: ${error.message}`);
      return undefined;
    }
  });
}

/** A state of its own, which the other one's steps leave alone; the curve only grows, step by step. */
function copyOf({ step, values, moments, curve }: TrainingState): TrainingState {
  const copies = Object.entries(moments).map(([name, data]) => [name, data.slice()]);
  return { step, values: values.slice(), moments: Object.fromEntries(copies), curve };
}

/** What a step does; where it does not fit the memory, the state before it is in the error. */
export async function orOutOfMemory<T>(
  state: TrainingState | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isOutOfMemory(error) ? new OutOfMemory(state, error) : error;
  }
}

/** A step that is being taken. */
interface Step {
  readonly training: Training;
  readonly session: Session;
  readonly state: TrainingState;
  /** Of each run. */
  readonly feeds: readonly Feeds[];
}

/** Mean over the runs of what the graph says at these values. */
async function meanOverRuns(
  { training: { graph, places, runs = [1] }, session, feeds }: Step,
  values: Float32Array,
  weights: Feeds,
): Promise<Gradient> {
  const seen: Gradient[] = [];
  for (const fed of feeds) {
    const outputs = await session.run({ ...fed, ...weights, ...parameterTensors(places, values) });
    const isEstimated = Object.keys(graph.gradients).length === 0;
    const grad = isEstimated ? new Float32Array() : gradientIn(graph, outputs, places);
    seen.push({ grad, ...lossesIn(graph, outputs) });
  }
  if (seen.length === 1) return seen[0]!;
  const whole = runs.reduce((sum, images) => sum + images, 0);
  const shared = seen.map(({ grad }, i) => [runs[i]! / whole, grad] as const);
  return { ...meanLosses(seen, runs), grad: combined(shared) };
}

/** Weights of the sources: all alike, or one alone. */
function weightFeeds({ graph, search }: Training, source?: number): Feeds {
  if (graph.sourceWeights === undefined) return {};
  const { sources = 1 } = search ?? {};
  const weights = Float32Array.from({ length: sources }, (_, i) => {
    if (source === undefined) return 1 / sources;
    return i === source ? 1 : 0;
  });
  return { [graph.sourceWeights]: tensor("float32", [sources], weights) };
}

/** Gradient of a step's loss: by autodiff where the search looks, or by estimate. */
async function gradientOf(step: Step): Promise<Gradient> {
  const { training, state } = step;
  const { rates, rule, spsa, search } = training;
  const at = (values: Float32Array, source?: number) =>
    meanOverRuns(step, values, weightFeeds(training, source));
  if (rule.gradient === "spsa") {
    const values = rule.lookAhead?.(state) ?? state.values;
    return await estimateGradient(at, { ...spsa!, values, rates, step: state.step });
  }
  if (search === undefined) return await at(state.values);
  const { values, moments } = state;
  const random = new Random(`search ${search.seed} ${state.step}`);
  return await search.rule.find(at, { ...search, values, moments, rates, random });
}

/** @throws {RangeError} If a gradient has left the range of float16 that it passed through. */
function checkOverflow(grad: Float32Array, { lossScale }: TrainingGraph, step: number): void {
  if (lossScale === undefined || grad.every(Number.isFinite)) return;
  throw new RangeError(
    `Cannot make update ${
      step + 1
    }: a gradient, multiplied by the loss scale ${lossScale}, is too large for float16; give a smaller power of two as lossScale, or precision: float32`,
  );
}

/** One update: the batch, its gradient, the new values. */
async function takeStep(
  training: Training,
  session: Session,
  state: TrainingState,
): Promise<StepMetrics> {
  const { rates, places, rule, runs = [1] } = training;
  const { step } = state;
  const lr = training.lr(step);
  const feeds: Feeds[] = [];
  for (const run of runs.keys()) feeds.push(await training.feeds(step, run));
  const { grad, loss, terms } = await gradientOf({ training, session, state, feeds });
  checkOverflow(grad, training.graph, step);
  const norm = applyUpdate(rule, { grad, rates, lr, places, state });
  training.project?.(state.values);
  state.curve.push({ step: state.step, lr, loss, terms });
  return { ...terms, loss, norm };
}

/**
 * Trains to the last step.
 *
 * @param from A state to go on from; default what was saved, or the beginning.
 * @returns The last state; it is the same whether or not the training was interrupted, as long as it
 * runs on the same device, runtime and number of threads. Elsewhere it starts again.
 * @throws {DiagnosticError} If the graph cannot be run.
 * @throws {OutOfMemory} If it does not fit the memory.
 * @throws {RangeError} If a gradient is not finite.
 * @throws The signal's reason once it is aborted, after a checkpoint.
 */
export async function train(
  training: Training,
  host: TrainingHost = {},
  from?: TrainingState,
): Promise<TrainingState> {
  const { checkpoint, signal } = host;
  const { model } = training.graph;
  await using session = await orOutOfMemory(
    from,
    () => openSession(model, sessionOptionsOf(host)),
  );
  const state = from ?? await savedState(training, host) ?? startOf(training);
  let conditions: Promise<Fingerprint> | undefined;
  while (state.step < training.steps) {
    // Only a search changes anything before the gradients are there.
    const before = training.search === undefined ? state : copyOf(state);
    const metrics = await orOutOfMemory(before, () => takeStep(training, session, state));
    host.onStep?.(state.step, metrics);
    if (checkpoint && (signal?.aborted || checkpoint.due())) {
      const fingerprint = await (conditions ??= conditionsOf(training, host));
      await checkpoint.save(encodeTrainingState(state, fingerprint, training.plan));
    }
    signal?.throwIfAborted();
  }
  return state;
}
