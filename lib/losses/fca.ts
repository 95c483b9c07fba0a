/** Feature consistency alignment: prompted features stay near the clean ones. @module */
import type { GraphBuilder, Value } from "../onnx/build/builder.ts";
import { type LossTerm, meanOverSources } from "./loss_term.ts";

/**
 * Differences below this share of the clean features' norm are rounding: the clean features come
 * from another session than the prompted ones. They count as zero, and so does their gradient.
 */
const ROUNDING = 1e-5;

/** Mean over batch and tokens of ‖prompted − clean‖₂, the norm over the last dimension. */
export function distance(builder: GraphBuilder, prompted: Value, clean: Value): Value {
  const last = builder.int64s([-1]);
  const norm = (x: Value) => builder.op("ReduceL2", [x, last], { keepdims: 1 });
  const difference = builder.op("Sub", [prompted, clean]);
  const threshold = builder.op("Mul", [norm(clean), builder.scalar(ROUNDING)]);
  const real = builder.op("Greater", [norm(difference), threshold]);
  const kept = builder.op("Where", [real, difference, builder.scalar(0)]);
  const distances = builder.op("ReduceL2", [kept, last], { keepdims: 0 });
  return builder.op("ReduceMean", [distances], { keepdims: 0 });
}

/**
 * Feature consistency alignment (arXiv 2404.11207, section 3.2): the L2 distance of prompted to
 * clean image features, mean over batch and tokens. Its gradient at zero difference is 0.
 */
export const fca: LossTerm = {
  description: "feature consistency alignment: mean L2 distance of prompted to clean features",
  sign: 1,
  needsClip: false,
  build: (builder, inputs) =>
    meanOverSources(builder, inputs, (s) => distance(builder, s.imageFeatures, s.cleanFeatures())),
};
