/** Views with patches missing. @module */
import { maskInput, patchMask } from "./patch_mask.ts";
import type { View } from "./view.ts";

/** Patches of 64 that are seen. */
const KEPT = 48;

/**
 * A quarter of the patches is black: what a vision transformer without these tokens would see
 * (PatchDropout, Liu et al., arXiv 2208.07220), for encoders of every kind.
 */
export const tokenDrop: View = {
  description: "a quarter of 8×8 patches black (PatchDropout, arXiv 2208.07220)",
  inputs: maskInput,
  build: (b, { pixels }, { mask }) => b.op("Mul", [pixels, mask!]),
  draw: ({ random, canvas }) => ({ mask: patchMask(random, canvas, KEPT) }),
};
