/** Darker views. @module */
import { tensor } from "../../tensor/tensor.ts";
import type { View } from "./view.ts";

/** Scale invariance (SIM, Lin et al., arXiv 1908.06281): copy i of a step is seen divided by 2^i. */
export const scale: View = {
  description:
    "copy i of a step divided by 2^i; use it with several copies (SIM, arXiv 1908.06281)",
  inputs: () => ({ factor: [] }),
  build: (b, { pixels }, { factor }) => b.op("Mul", [pixels, factor!]),
  draw: ({ copy }) => ({ factor: tensor("float32", [], Float32Array.of(2 ** -copy)) }),
};
