/**
 * ONNX models as data: read, written, checked, typed, joined, rewritten. No Deno APIs, no runtime.
 *
 * @example
 * ```ts ignore
 * const model = inferShapes(decodeModel(await Deno.readFile("model.onnx")));
 * console.log(printModel(model));
 * ```
 *
 * @module
 */
export { type AttributeInput, float, floats } from "./attribute.ts";
export { type BuilderOptions, GraphBuilder, type NodeOptions, type Value } from "./builder.ts";
export { checkModel } from "./check.ts";
export { composeModels, type Part } from "./compose.ts";
export { decodeModel, type DecodeOptions, OnnxDecodeError } from "./decode.ts";
export { encodeModel } from "./encode.ts";
export { foldConstants, type FoldOptions } from "./fold_constants.ts";
export { type InferOptions, inferShapes } from "./infer_shapes.ts";
export { inlineFunctions } from "./inline_functions.ts";
export type * from "./model.ts";
export { printModel, printType } from "./print.ts";
export { pruneModel } from "./prune.ts";
export { simplifyModel } from "./simplify_model.ts";
export { upgradeModel } from "./upgrade.ts";
export type { Diagnostic } from "../diagnostic/diagnostic.ts";
export type { DType } from "../tensor/dtype.ts";
export type { Tensor } from "../tensor/tensor.ts";
export { type ReadRange, tensorFromWeight, weightFromTensor, weightSize } from "./weight.ts";
