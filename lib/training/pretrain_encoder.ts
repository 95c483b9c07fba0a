/** Pretrains a vision encoder of the zoo, and makes the feeds that the CLIP's pretraining shares. @module */
import { type DirectoryFiles, encoderFiles } from "../zoo/vision_files.ts";
import { storedWeights } from "../zoo/module.ts";
import { type EncoderSizes, isTransformer } from "../zoo/vision_encoder.ts";
import { type EncoderName, type ZooEncoder, zooEncoders } from "../zoo/encoder_table.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import {
  classifierFeeds,
  clipStatistics,
  dropPatches,
  type ImageFact,
  imagesAt,
  type ImageWorld,
  keptFeed,
  normalisePixels,
  type PixelStatistics,
  questionsOf,
  resizeImages,
  sightCaptions,
  sightQuestions,
} from "./pretrain_images.ts";
import { placeOf, type PretrainOptions, started } from "./pretrain_options.ts";
import { encoderLossGraph } from "./pretrain_vision.ts";
import type { TrainingHost } from "./trainer.ts";
import { trainWeights } from "./weight_training.ts";

/** Share of the patches that a vision transformer drops (arXiv 2212.00794). */
const usuallyDropped = 0.5;

/** Sizes of an encoder, and the statistics that its pixels are normalised by. */
export interface EncoderPlan {
  readonly sizes: EncoderSizes;
  readonly pixels: PixelStatistics;
}

function encoderPlan(name: EncoderName): EncoderPlan {
  const { sizes, pixels = clipStatistics }: ZooEncoder = zooEncoders[name];
  return { sizes, pixels };
}

/** Trains an encoder by classifiers of what is in the image, which are then dropped. */
export async function pretrainEncoder(
  world: ImageWorld,
  name: EncoderName,
  options: PretrainOptions,
  host: TrainingHost = {},
): Promise<DirectoryFiles> {
  const { seed, batch, schedule } = options;
  const plan = encoderPlan(name);
  const questions = questionsOf(world);
  const loss = encoderLossGraph(plan.sizes, { questions, batch, seed, ...sharedIn(options) });
  const weights = await trainWeights({
    ...await started(loss, options, host),
    schedule,
    batch: (step) => encoderFeeds(world, plan, { options, step }).feeds,
  }, host);
  return encoderFiles(plan.sizes, storedWeights(weights), plan.pixels);
}

/** Classifiers and captions with several right answers. */
export function sharedIn(
  { sights = "one" }: PretrainOptions,
): { readonly shared?: readonly string[] } {
  return sights === "one" ? {} : { shared: [...sightQuestions, ...sightCaptions] };
}

/** Feeds of a step, and the facts behind them. */
export function encoderFeeds<F extends ImageFact>(
  world: ImageWorld<F>,
  plan: EncoderPlan,
  { options, step }: { readonly options: PretrainOptions; readonly step: number },
): { readonly feeds: Record<string, Tensor>; readonly facts: readonly F[] } {
  const { sizes } = plan;
  const { sights = "one" } = options;
  const at = placeOf(options, step);
  const { dropped } = at;
  const { random, images, facts } = imagesAt(world, at);
  const pixel_values = pixelTensor(images, facts.length, plan);
  const others = classifierFeeds(world, facts, sights);
  if (isTransformer(sizes)) {
    const kept = keptFeed(sizes, random, { ...at, dropped: dropped ?? usuallyDropped });
    return { facts, feeds: { pixel_values, kept, ...others } };
  }
  const size = sizes.image_size;
  const pixels = pixel_values.data as Float32Array;
  if (dropped !== undefined) dropPatches(pixels, random, { ...at, dropped, size });
  return { facts, feeds: { pixel_values, ...others } };
}

/** `n` images as the encoder's processor makes them: resized and normalised, `[n, 3, S, S]`. */
export function pixelTensor(
  images: Float32Array,
  n: number,
  { sizes, pixels }: EncoderPlan,
): Tensor {
  const { image_size: size } = sizes;
  const resized = resizeImages(images, n, size);
  return tensor("float32", [n, 3, size, size], normalisePixels(resized, size, pixels));
}
