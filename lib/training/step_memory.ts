/** What a training step takes of the memory of a process, before it is run. @module */
import { estimateMemory } from "../onnx/infer/estimate_memory.ts";
import { weightsOf } from "../onnx/ir/map_weights.ts";
import type { Model } from "../onnx/ir/model.ts";
import { weightSize } from "../onnx/ir/weight.ts";

/** Estimated bytes. */
export interface StepMemory {
  /** Weights, in as many copies as there are: the file's, ONNX Runtime's, and packed ones. */
  readonly weights: number;
  /** Values that the backward pass needs, and what operators take for themselves. */
  readonly activations: number;
  /** All of the process. */
  readonly total: number;
}

/** Deno with ONNX Runtime and no model. */
const processBytes = 135 * 2 ** 20;

/** What ONNX Runtime's arena takes for a byte of values: pieces of it that nothing fits in. */
const arenaShare = 1.2;

/** Copies of weights that lie in the graph, and of those that ONNX Runtime reads from files. */
const copies = { inline: 4, text: 1, external: 2 };

/**
 * Estimates the memory of a step on the processor. The factors above were found on peaks of steps of
 * the models in `zoo/`, which are within 20 % of it.
 *
 * @param dims Sizes of symbolic dimensions, by their names.
 */
export function stepMemory(model: Model, dims: Readonly<Record<string, number>> = {}): StepMemory {
  const { activations, workspace } = estimateMemory(model, dims);
  const weights = weightsOf(model)
    .reduce((sum, weight) => sum + weightSize(weight) * copies[weight.data.kind], 0);
  const values = arenaShare * (activations + workspace);
  return { weights, activations: values, total: processBytes + weights + values };
}

/** `a step takes about 1.93 GB of memory: 0.43 GB for weights, 1.37 GB for values at batch 16` */
export function memoryLine({ weights, activations, total }: StepMemory, batch: number): string {
  const giga = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
  return `a step takes about ${giga(total)} of memory: ${giga(weights)} for weights, ` +
    `${giga(activations)} for values at batch ${batch}`;
}
