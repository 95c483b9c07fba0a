/** The recorded models as subjects of other tests. @module */
import { fromFileUrl } from "@std/path";
import { bindPast } from "../../lib/models/compose_model.ts";
import { type LanguageModelDirectory, openModelDirectory } from "../../lib/models/directory.ts";
import { type InstructionEncoder, openTextEncoder } from "../../lib/models/instruction_text.ts";
import type { Graph, Model } from "../../lib/onnx/ir/model.ts";
import { renameGraph } from "../../lib/onnx/ir/rename.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

/** Path of a recorded model. */
export function recordedModel(name: string): string {
  return fromFileUrl(new URL(`../golden/mllm/${name}`, import.meta.url));
}

/** A recorded model with its text encoder. */
export async function openRecorded(
  name: string,
): Promise<{ directory: LanguageModelDirectory; text: InstructionEncoder }> {
  const directory = await openModelDirectory(recordedModel(name));
  return { directory, text: await openTextEncoder(directory) };
}

/** Random `pixel_values` of the recorded models' size. */
export function randomPixels(batch: number, seed = 0): Tensor<"float32"> {
  const random = new Random(seed);
  const data = Float32Array.from({ length: batch * 3 * 32 * 32 }, () => random.normal());
  return tensor("float32", [batch, 3, 32, 32], data);
}

/**
 * A decoder as Optimum merges two: an `If` on `use_cache_branch` runs it without or with its past. Only
 * for this batch.
 */
export function mergedDecoder(model: Model, batch: number): Model {
  const { inputs, outputs, initializers } = model.graph;
  const useCache = { name: "use_cache_branch", type: { kind: "tensor", dtype: "bool", dims: [1] } };
  const node = {
    name: "optimum::if",
    opType: "If",
    domain: "",
    inputs: [useCache.name],
    outputs: outputs.map(({ name }) => name),
    attributes: {
      then_branch: { type: "graph", value: branchOf(model, "then") },
      else_branch: { type: "graph", value: branchOf(bindPast(model, batch), "else") },
    },
  } as const;
  const graph = {
    ...model.graph,
    nodes: [node],
    inputs: [...inputs, useCache as Graph["inputs"][number]],
    initializers: new Map(initializers),
    values: new Map(),
  };
  return { ...model, graph };
}

/** The graph as a branch: it reads the inputs of the whole, and defines all else itself. */
function branchOf({ graph }: Model, prefix: string): Graph {
  const outer = new Set(graph.inputs.map(({ name }) => name));
  const renamed = renameGraph(graph, (name) => outer.has(name) ? name : `${prefix}/${name}`);
  return { ...renamed, inputs: [] };
}

/** The recorded model with another decoder. */
export function withDecoder(
  directory: LanguageModelDirectory,
  change: (decoder: Model) => Model,
): LanguageModelDirectory {
  return {
    ...directory,
    readPart: async (part) => {
      const model = await directory.readPart(part);
      return part === "decoder_model_merged" ? change(model) : model;
    },
  };
}
