/** What all pretrainings of the zoo are given, and how they begin. @module */
import type { DrawnImages, ImagePlace } from "./pretrain_images.ts";
import { startWeights } from "./start_weights.ts";
import type { TrainingHost } from "./trainer.ts";
import type { TrainingSchedule, WeightedGraph } from "./weight_training.ts";

/** Settings of every pretraining. */
export interface PretrainOptions {
  readonly seed: number;
  readonly batch: number;
  readonly schedule: TrainingSchedule;
  /** What is drawn. */
  readonly drawn?: DrawnImages;
  /** Encoders and CLIP: whether all that is on an image is right, or any one; default `one`. */
  readonly sights?: "one" | "all";
  /**
   * Encoders and CLIP: share of the patches that the network does not see in most of the training;
   * default half of them for a vision transformer, none for others.
   */
  readonly dropped?: number;
  /** Encoders and CLIP: share of the training, at its start, with unchanged, whole images; default 0. */
  readonly unchanged?: number;
  /** Model whose weights it begins with; default random ones. */
  readonly start?: { readonly name: string; readonly path: string };
}

/** A graph with the weights to begin with. */
export async function started<G extends WeightedGraph>(
  graph: G,
  { start }: PretrainOptions,
  host: TrainingHost,
): Promise<G> {
  if (start === undefined) return graph;
  return { ...graph, weights: await startWeights(graph.weights, start, host.log) };
}

/**
 * The place of a step in a training, for its images: at first unchanged and whole ones, from which
 * a network learns its first features sooner (curriculum learning, Bengio et al. 2009).
 */
export function placeOf(
  { seed, batch, schedule, drawn = {}, dropped, unchanged = 0 }: PretrainOptions,
  step: number,
): ImagePlace & { readonly drawn: DrawnImages; readonly dropped?: number } {
  const { steps } = schedule;
  if (step < unchanged * steps) {
    return { step, steps, batch, seed, drawn: { ...drawn, changes: [] }, dropped: 0 };
  }
  return { step, steps, batch, seed, drawn, ...(dropped === undefined ? {} : { dropped }) };
}
