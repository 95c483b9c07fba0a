/** Masks of square patches, as the tokens of a vision transformer. @module */
import type { Random } from "../../tensor/random.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";

/** Patches along an axis. */
const PATCHES = 8;

/** [1, 1, S, S]: 1 on `kept` of 8×8 patches, 0 on the others. */
export function patchMask(random: Random, canvas: number, kept: number): Tensor<"float32"> {
  const chosen = new Set(random.permutation(PATCHES ** 2).subarray(0, kept));
  const patchOf = (i: number) => Math.floor(i * PATCHES / canvas);
  const mask = Float32Array.from(
    { length: canvas ** 2 },
    (_, at) =>
      chosen.has(patchOf(Math.floor(at / canvas)) * PATCHES + patchOf(at % canvas)) ? 1 : 0,
  );
  return tensor("float32", [1, 1, canvas, canvas], mask);
}

/** Shape of the mask. */
export const maskInput = ({ canvas }: { readonly canvas: number }) => ({
  mask: [1, 1, canvas, canvas],
});
