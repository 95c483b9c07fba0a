/**
 * The safetensors format. No Deno APIs.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const delta = { dtype: "float32", dims: [2], data: new Float32Array([1, 2]) } as const;
 * const bytes = encodeSafetensors({ delta }, { kind: "frame" });
 * assertEquals(decodeSafetensors(bytes), { tensors: { delta }, metadata: { kind: "frame" } });
 * ```
 *
 * @module
 */
export {
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  SafetensorsError,
} from "./safetensors.ts";
export type { DType } from "./dtype.ts";
export type { Tensor } from "./tensor.ts";
