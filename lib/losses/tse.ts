/**
 * Task semantics enrichment: it moves the prompted image towards its caption in a CLIP's
 * embedding space.
 *
 * @module
 */
import type { LossTerm } from "./loss_term.ts";

/**
 * Task semantics enrichment (arXiv 2404.11207, section 3.3): CLIP's scaled cosine similarity of
 * the prompted image and the caption, mean over the batch; a score, so it is subtracted.
 */
export const tse: LossTerm = {
  description: "task semantics enrichment: CLIP similarity of prompted image and caption",
  sign: -1,
  needsClip: true,
  build(builder, { clip }) {
    if (!clip) throw new TypeError("Cannot build the loss term tse: no CLIP model was given");
    const last = builder.int64s([-1]);
    const image = clip.imageEmbeds();
    const norm = builder.op("ReduceL2", [image, last], { keepdims: 1 });
    const unit = builder.op("Div", [image, norm]);
    const product = builder.op("Mul", [unit, clip.captionEmbeds()]);
    const cosine = builder.op("ReduceSum", [product, last], { keepdims: 0 });
    const mean = builder.op("ReduceMean", [cosine], { keepdims: 0 });
    return builder.op("Mul", [mean, builder.scalar(clip.logitScale)]);
  },
};
