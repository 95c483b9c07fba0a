/** Trains the weights of a graph by AdamW. @module */
import { flatValues, parameterTensors, placesOf } from "../tensor/flat_parameters.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { adamW, adamWDefaults } from "./adamw.ts";
import { warmupLinear } from "./schedule.ts";
import { train, type Training, type TrainingHost } from "./trainer.ts";
import { type LossGraph, withGradients } from "./training_graph.ts";

/** How long and how fast a training goes. */
export interface TrainingSchedule {
  readonly steps: number;
  readonly learningRate: number;
  readonly warmup: number;
  readonly decay: number;
}

/** A loss, and the weights that are trained by it. */
export interface WeightedGraph extends LossGraph {
  /** The weights, inputs of the graph, as they start. */
  readonly weights: Readonly<Record<string, Tensor<"float32">>>;
}

/** What is trained. */
export interface WeightTraining extends LossGraph {
  /** The weights, inputs of the graph, as they start: float32. */
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly schedule: TrainingSchedule;
  /** Everything but the weights that the graph takes in a step, which counts from 0. */
  readonly batch: Training["feeds"];
}

/**
 * Trains to the end of the schedule.
 *
 * @returns The weights, by name.
 * @throws The signal's reason once it is aborted, after a checkpoint.
 */
export async function trainWeights(
  { weights, schedule, batch, ...graph }: WeightTraining,
  host: TrainingHost = {},
): Promise<Readonly<Record<string, Tensor<"float32">>>> {
  const { steps, learningRate, warmup, decay } = schedule;
  const places = placesOf(Object.entries(weights).map(([name, { dims }]) => ({ name, dims })));
  const initial = flatValues(places, weights);
  const { values } = await train({
    graph: withGradients(graph, Object.keys(weights)),
    places,
    initial,
    rates: new Float32Array(initial.length).fill(1),
    rule: adamW({ ...adamWDefaults, decay }),
    steps,
    lr: (step) => learningRate * warmupLinear(step, steps, warmup),
    feeds: batch,
  }, host);
  return parameterTensors(places, values);
}
