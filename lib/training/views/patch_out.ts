/** Views with a part of δ. @module */
import { maskInput, patchMask } from "./patch_mask.ts";
import type { View } from "./view.ts";

/** Patches of 64 on which δ is seen: 130 of 196 in the paper. */
const KEPT = 42;

/** PatchOut (Wei et al., arXiv 2109.04176): δ is seen on two thirds of the patches. */
export const patchOut: View = {
  description: "with δ on two thirds of 8×8 patches (PatchOut, arXiv 2109.04176)",
  inputs: maskInput,
  build: (b, { pixels, clean }, { mask }) => {
    const delta = b.op("Sub", [pixels, clean]);
    return b.op("Add", [clean, b.op("Mul", [delta, mask!])]);
  },
  draw: ({ random, canvas }) => ({ mask: patchMask(random, canvas, KEPT) }),
};
