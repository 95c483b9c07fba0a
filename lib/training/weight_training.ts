/**
 * Trains the weights of a graph: its gradients come from the graph itself, AdamW is applied here.
 * The batch of a step depends on the seed and the step's number only, so a training that was
 * interrupted ends with the same bytes as one that was not.
 *
 * @module
 */
import { addGradients } from "../autodiff/gradient.ts";
import type { Model } from "../onnx/ir/model.ts";
import { openSession, type SessionOptions } from "../runtime/session.ts";
import { encodeSafetensors } from "../tensor/safetensors.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { openState, statePart, stateStep, TrainingStateError } from "./saved_state.ts";
import { adamWDefaults, TrainedWeights, warmupLinear } from "./adamw.ts";

/** How long and how fast a training goes. */
export interface TrainingSchedule {
  readonly steps: number;
  readonly learningRate: number;
  readonly warmup: number;
  readonly decay: number;
}

/** What is trained. */
export interface WeightTraining {
  /** A graph with a scalar output `loss`, and other scalar outputs worth a look. */
  readonly graph: Model;
  /** The weights to train, inputs of the graph, as they start. */
  readonly weights: Readonly<Record<string, Tensor>>;
  /** Inputs of the graph for a step, which counts from 0. */
  batch(step: number): Readonly<Record<string, Tensor>> | Promise<Readonly<Record<string, Tensor>>>;
  readonly schedule: TrainingSchedule;
}

/** What the training needs of its surroundings. */
export interface TrainingHost {
  readonly threads?: number;
  readonly provider?: "auto" | "cpu" | "cuda" | "webgpu";
  /** Called with what the session runs on. */
  readonly onOpen?: NonNullable<SessionOptions["onOpen"]>;
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
  /** Called after every step, which counts from 1, with the graph's scalars and the gradient's norm. */
  readonly onStep?: (step: number, metrics: Readonly<Record<string, number>>) => void;
  readonly checkpoint?: {
    load(): Promise<Uint8Array | undefined>;
    due(): boolean;
    save(state: Uint8Array): Promise<void>;
  };
}

/** State of a training as bytes. */
function saveState(weights: TrainedWeights): Uint8Array {
  const length = weights.values.length;
  return encodeSafetensors({
    values: tensor("float32", [length], weights.values),
    first: tensor("float32", [length], weights.first),
    second: tensor("float32", [length], weights.second),
  }, { step: String(weights.step) });
}

/**
 * Puts a saved state back.
 *
 * @throws {TrainingStateError} If it is damaged or of another network; the weights are as before.
 */
function restoreState(weights: TrainedWeights, state: Uint8Array): void {
  const { tensors, metadata } = openState(state);
  const parts = (["values", "first", "second"] as const)
    .map((part) => [part, statePart(tensors, part, weights.values.length)] as const);
  weights.step = stateStep(metadata);
  for (const [part, data] of parts) weights[part].set(data);
}

/** Goes on from a saved state if there is one; what speaks against it is logged. */
async function resume(weights: TrainedWeights, host: TrainingHost): Promise<void> {
  const saved = await host.checkpoint?.load();
  if (saved === undefined) return;
  try {
    restoreState(weights, saved);
  } catch (error) {
    if (!(error instanceof TrainingStateError)) throw error;
    host.log?.(`starts again: ${error.message}`);
  }
}

/**
 * Trains to the end of the schedule.
 *
 * @returns The weights, by name.
 * @throws The signal's reason once it is aborted, after a checkpoint.
 */
export async function trainWeights(
  training: WeightTraining,
  host: TrainingHost = {},
): Promise<Readonly<Record<string, Tensor<"float32">>>> {
  const names = Object.keys(training.weights);
  const weights = new TrainedWeights(training.weights);
  await resume(weights, host);
  const { steps, learningRate, warmup, decay } = training.schedule;
  const graph = addGradients(training.graph, { of: "loss", wrt: names });
  await using session = await openSession(graph, {
    provider: host.provider ?? "cpu",
    threads: host.threads ?? 1,
    ...(host.onOpen ? { onOpen: host.onOpen } : {}),
  });
  const options = { ...adamWDefaults, decay };
  while (weights.step < steps) {
    const { step } = weights;
    const results = await session.run({ ...await training.batch(step), ...weights.tensors });
    const grads = Object.fromEntries(names.map((name) => [name, results[`grad.${name}`]!]));
    const norm = weights.update(grads, learningRate * warmupLinear(step, steps, warmup), options);
    host.onStep?.(step + 1, { ...scalars(results), norm });
    const aborted = host.signal?.aborted ?? false;
    if (host.checkpoint && (aborted || host.checkpoint.due())) {
      await host.checkpoint.save(saveState(weights));
    }
    if (aborted) throw host.signal!.reason;
  }
  return weights.tensors;
}

/** The scalar outputs, which are losses; gradients of scalar weights are left out. */
function scalars(results: Readonly<Record<string, Tensor>>): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, { dims, data }] of Object.entries(results)) {
    if (dims.length === 0 && !name.startsWith("grad.")) found[name] = Number(data[0]);
  }
  return found;
}
