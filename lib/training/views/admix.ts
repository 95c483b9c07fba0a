/** Views with another image in them. @module */
import { tensor } from "../../tensor/tensor.ts";
import type { View } from "./view.ts";

/** η: how strong the other image is. */
const STRENGTH = 0.2;

/** Admix (Wang et al., arXiv 2102.00436): 0.2 of another image of the batch, without δ, is added. */
export const admix: View = {
  description: "with 0.2 of another image of the batch (Admix, arXiv 2102.00436)",
  inputs: ({ batch }) => ({ others: [batch] }),
  mixesBatch: true,
  indices: ["others"],
  build: (b, { pixels, clean }, { others }) => {
    const other = b.op("Gather", [clean, others!], { axis: 0 });
    return b.op("Add", [pixels, b.op("Mul", [other, b.scalar(STRENGTH)])]);
  },
  draw: ({ random, batch }) => {
    const by = batch === 1 ? 0 : 1 + random.integer(batch - 1);
    const others = BigInt64Array.from({ length: batch }, (_, i) => BigInt((i + by) % batch));
    return { others: tensor("int64", [batch], others) };
  },
};
