/**
 * The one loop that trains: prompts on frozen models, and the weights of networks. The batch of a
 * step follows from its number alone, so that a training that was interrupted ends with the same
 * bits as one that was not.
 *
 * @module
 */
import { openSession, type Session, type SessionOptions } from "../runtime/session.ts";
import { type ParameterPlace, parameterTensors } from "../tensor/flat_parameters.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Fingerprint, fingerprintOf } from "./fingerprint.ts";
import { applyUpdate, type UpdateRule } from "./optimizer.ts";
import { estimateGradient, type SpsaOptions } from "./spsa.ts";
import { gradientIn, type Losses, lossesIn, type TrainingGraph } from "./training_graph.ts";
import {
  decodeState,
  encodeState,
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
  readonly steps: number;
  /** Learning rate of a step, which counts from 0. */
  lr(step: number): number;
  /** Everything but the parameters that the graph takes in a step, which counts from 0. */
  feeds(step: number): Feeds | Promise<Feeds>;
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
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
  /** Called with what each session runs on. */
  readonly onOpen?: NonNullable<SessionOptions["onOpen"]>;
  /** Called after every step, which counts from 1, with loss, terms and the gradient's norm. */
  readonly onStep?: (step: number, metrics: StepMetrics) => void;
  readonly checkpoint?: {
    /** The saved state as `read` has it; `undefined` where there is none or it is refused. */
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

/** A training that has not begun. */
function startOf({ rule, initial }: Training): TrainingState {
  const moments = rule.moments.map((name) => [name, new Float32Array(initial.length)] as const);
  return { step: 0, values: initial.slice(), moments: Object.fromEntries(moments), curve: [] };
}

/** The saved state where it is of this training on this device; what speaks against it is logged. */
async function savedState(
  { rule, initial }: Training,
  host: TrainingHost,
  fingerprint: Fingerprint,
): Promise<TrainingState | undefined> {
  return await host.checkpoint?.load((bytes) => {
    try {
      const expected = { fingerprint, values: initial.length, moments: rule.moments };
      const state = decodeState(bytes, expected);
      host.log?.(`continues after step ${state.step}`);
      return state;
    } catch (error) {
      if (!(error instanceof TrainingStateError)) throw error;
      host.log?.(`starts again: ${error.message}`);
      return undefined;
    }
  });
}

/** Gradient of a step's loss, by autodiff or by estimate. */
async function gradientOf(
  { graph, places, rates, rule, spsa }: Training,
  session: Session,
  state: TrainingState,
  feeds: Feeds,
): Promise<Losses & { readonly grad: Float32Array }> {
  const run = (values: Float32Array) =>
    session.run({ ...feeds, ...parameterTensors(places, values) });
  if (rule.gradient === "spsa") {
    const values = rule.lookAhead?.(state) ?? state.values;
    const lossAt = async (values: Float32Array) => lossesIn(graph, await run(values));
    return await estimateGradient(lossAt, { ...spsa!, values, rates, step: state.step });
  }
  const outputs = await run(state.values);
  return { grad: gradientIn(graph, outputs, places), ...lossesIn(graph, outputs) };
}

/** One update: the batch, its gradient, the new values. */
async function takeStep(
  training: Training,
  session: Session,
  state: TrainingState,
): Promise<StepMetrics> {
  const { rates, places, rule } = training;
  const { step } = state;
  const lr = training.lr(step);
  const feeds = await training.feeds(step);
  const { grad, loss, terms } = await gradientOf(training, session, state, feeds);
  const norm = applyUpdate(rule, { grad, rates, lr, places, state });
  state.curve.push({ step: state.step, lr, loss, terms });
  return { ...terms, loss, norm };
}

/**
 * Trains to the last step.
 *
 * @returns The last state; it is the same whether or not the training was interrupted, as long as it
 * runs on the same device, runtime and number of threads. Elsewhere it starts again.
 * @throws {DiagnosticError} If the graph cannot be run.
 * @throws {RangeError} If a gradient is not finite.
 * @throws The signal's reason once it is aborted, after a checkpoint.
 */
export async function train(training: Training, host: TrainingHost = {}): Promise<TrainingState> {
  const { checkpoint, signal, threads = 1 } = host;
  const { model } = training.graph;
  await using session = await openSession(model, sessionOptionsOf(host));
  const fingerprint = await fingerprintOf(model, session, threads);
  const state = await savedState(training, host, fingerprint) ?? startOf(training);
  while (state.step < training.steps) {
    const metrics = await takeStep(training, session, state);
    host.onStep?.(state.step, metrics);
    if (checkpoint && (signal?.aborted || checkpoint.due())) {
      await checkpoint.save(encodeState(state, fingerprint));
    }
    signal?.throwIfAborted();
  }
  return state;
}
