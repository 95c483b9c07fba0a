/**
 * ONNX models as data: read, written, checked, typed, joined, rewritten. No Deno APIs, no runtime.
 *
 * @example
 * ```ts
 * import { decodeModel, inferShapes, printModel } from "@tvp/pipeline/onnx";
 *
 * const model = inferShapes(decodeModel(await Deno.readFile("zoo/mini-clip/onnx/vision_model.onnx")));
 * console.log(printModel(model).split("\n").length, "lines");
 * ```
 *
 * @module
 */
export { type AttributeInput, float, floats } from "./ir/attribute.ts";
export {
  type BuilderOptions,
  GraphBuilder,
  type NodeOptions,
  type Value,
} from "./build/builder.ts";
export { estimateMemory, type MemoryEstimate } from "./infer/estimate_memory.ts";
export { checkModel } from "./infer/check.ts";
export { composeModels, type Part } from "./passes/compose.ts";
export { decodeModel, type DecodeOptions, OnnxDecodeError } from "./codec/decode.ts";
export { encodeModel } from "./codec/encode.ts";
export { foldConstants, type FoldOptions } from "./passes/fold_constants.ts";
export { type InferOptions, inferShapes } from "./infer/infer_shapes.ts";
export { inlineFunctions } from "./passes/inline_functions.ts";
export type * from "./ir/model.ts";
export { printModel, printType } from "./ir/print.ts";
export { pruneModel } from "./passes/prune.ts";
export { simplifyModel } from "./passes/simplify_model.ts";
export { widenEdges } from "./passes/widen_edges.ts";
export { mixPrecision } from "./passes/mixed_precision.ts";
export { upgradeModel } from "./passes/upgrade.ts";
export type { Diagnostic } from "../diagnostic/diagnostic.ts";
export type { DType } from "../tensor/dtype.ts";
export type { Tensor } from "../tensor/tensor.ts";
export { type ReadRange, tensorFromWeight, weightFromTensor, weightSize } from "./ir/weight.ts";
