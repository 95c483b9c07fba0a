/** Reads the graphs of model directories. @module */
import { weightsOf } from "../onnx/ir/map_weights.ts";
import type { Model } from "../onnx/ir/model.ts";
import { inlineFunctions } from "../onnx/passes/inline_functions.ts";
import { widenEdges } from "../onnx/passes/widen_edges.ts";
import { widenModel } from "../onnx/passes/widen_model.ts";
import { readModelFile } from "../runtime/read_model.ts";
import { withSmallWeights } from "../runtime/weight_files.ts";

/**
 * Decodes a graph; weights stay references into its files. Whatever the type of its weights, it
 * takes and gives float32, so that graphs of different types fit each other. What a decoder keeps
 * from token to token stays as it is: it is part of the loop already.
 *
 * @throws {DiagnosticError} If the file cannot be read.
 */
export async function readPartFile(path: string): Promise<Model> {
  const model = withSmallWeights(await readModelFile(path));
  return widenEdges(computable(model), isState);
}

/** ONNX Runtime has next to no kernels for bfloat16 on processors: float32 holds all its values. */
function computable(model: Model): Model {
  const isAsked = weightsOf(model).some(({ dtype }) => dtype === "bfloat16");
  if (!isAsked) return model;
  // The casts at the edges are then from float32 to itself: nothing is rounded there either.
  return widenModel(widenEdges(inlineFunctions(model)));
}

const isState = (name: string): boolean => /^(past|present)[._]/.test(name);
