/** Reads the graphs of model directories. @module */
import { weightsOf } from "../onnx/ir/map_weights.ts";
import type { Model, ValueInfo } from "../onnx/ir/model.ts";
import { inlineFunctions } from "../onnx/passes/inline_functions.ts";
import { castEdges, widenEdges } from "../onnx/passes/widen_edges.ts";
import { widenModel } from "../onnx/passes/widen_model.ts";
import type { DType } from "../tensor/dtype.ts";
import { readModelFile } from "../runtime/read_model.ts";
import { withSmallWeights } from "../runtime/weight_files.ts";

/**
 * Decodes a graph; weights stay references into its files. Whatever the type of its weights, it
 * takes and gives float32, and takes ids and masks as int64, so that graphs of different types fit each
 * other. What a decoder keeps from token to token stays as it is: it is part of the loop already.
 *
 * @throws {DiagnosticError} If the file cannot be read.
 */
export async function readPartFile(path: string): Promise<Model> {
  const model = withSmallWeights(await readModelFile(path));
  return widenEdges(castEdges(computable(model), textType), isState);
}

/** What is read of texts: it is fed as int64, whatever whole numbers or masks a graph declares. */
const ofTexts = /(^|_)(input_ids|attention_mask|position_ids|token_type_ids)$/;

function textType({ name, type }: ValueInfo, role: "input" | "output"): DType | undefined {
  if (role === "output" || type.kind !== "tensor" || !ofTexts.test(name)) return undefined;
  const isNumber = /^(u?int|bool)/.test(type.dtype) || name.endsWith("_mask");
  return isNumber ? "int64" : undefined;
}

/** ONNX Runtime has next to no kernels for bfloat16 on processors: float32 holds all its values. */
function computable(model: Model): Model {
  const isAsked = weightsOf(model).some(({ dtype }) => dtype === "bfloat16");
  if (!isAsked) return model;
  // The casts at the edges are then from float32 to itself: nothing is rounded there either.
  return widenModel(widenEdges(inlineFunctions(model)));
}

const isState = (name: string): boolean => /^(past|present)[._]/.test(name);
