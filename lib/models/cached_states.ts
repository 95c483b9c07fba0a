/** Tells a decoder's states of earlier positions from its other inputs, by their names. @module */

import { bytesOfElements } from "../onnx/ir/data_type.ts";
import type { Graph } from "../onnx/ir/model.ts";

/** Whether an input of a decoder holds what earlier positions left: keys, values, or other states. */
export function isPast(name: string): boolean {
  return isKeyOrValue(name) || /^past_[a-z]+\./.test(name);
}

/** Whether it holds keys or values of attention. */
export function isKeyOrValue(name: string): boolean {
  return name.startsWith("past_key_values.");
}

/** Name of the output that a past is fed from at the next step. */
export function presentOf(past: string): string {
  return past.replace("past_key_values.", "present.").replace(/^past_/, "present_");
}

/** Whether a past comes from the encoder's states, which all runs share, and does not grow. */
export function isEncoderPast(name: string): boolean {
  return isPast(name) && name.includes(".encoder.");
}

/** Bytes of a decoder's keys and values for each token; undefined if a size of them is not declared. */
export function bytesPerToken({ inputs }: Graph): number | undefined {
  let sum = 0;
  for (const { name, type } of inputs) {
    if (!isKeyOrValue(name) || isEncoderPast(name)) continue;
    const [heads, size] = type.kind === "tensor" ? [type.dims?.[1], type.dims?.[3]] : [];
    if (typeof heads !== "number" || typeof size !== "number") return undefined;
    if (type.kind !== "tensor" || type.dtype === "string") return undefined;
    sum += bytesOfElements(type.dtype, heads * size);
  }
  return sum;
}

/** Name of the input by which a merged decoder chooses between its graphs, without and with a past. */
export const branchInput = "use_cache_branch";
