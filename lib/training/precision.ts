/** In which precision a model of 16-bit floats is trained on. @module */
import { weightsOf } from "../onnx/ir/map_weights.ts";
import type { Model } from "../onnx/ir/model.ts";
import { inlineFunctions } from "../onnx/passes/inline_functions.ts";
import { mixPrecision } from "../onnx/passes/mixed_precision.ts";
import { widenModel } from "../onnx/passes/widen_model.ts";
import type { Provider } from "../runtime/provider.ts";
import { resolveProvider } from "../runtime/session.ts";
import type { Precision } from "./precisions.ts";

/** Processors compute 16-bit floats in float32 and round in between; only CUDA gains by them. */
export async function usualPrecision(provider: Provider): Promise<Precision> {
  return await resolveProvider(provider) === "cuda" ? "mixed" : "float32";
}

/** A model of float16 weights in a precision; another one as it is. */
export function inPrecision(model: Model, precision: Precision): Model {
  if (!hasFloat16(model)) return model;
  const whole = inlineFunctions(model);
  return precision === "float32" ? widenModel(whole) : mixPrecision(whole);
}

/** Whether a model has float16 weights. */
export function hasFloat16(model: Model): boolean {
  return weightsOf(model).some(({ dtype, dims }) => dtype === "float16" && dims.length > 0);
}

/**
 * What gradients are multiplied by on their way through a model in mixed precision. Float16 ends at
 * 6e-8: smaller ones would vanish. Powers of two change no digit, and the graph divides by it again.
 */
export const usualLossScale = 1024;
