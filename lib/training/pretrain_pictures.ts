/** Batches of labelled pictures for the pretraining of the zoo. @module */
import { Random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import {
  keptCount,
  keptTokens,
  type Labels,
  type Questions,
  targetFeeds,
} from "./pretrain_vision.ts";
import type { VisionSizes } from "../zoo/vision_transformer.ts";
import { patchCount } from "../zoo/vision_transformer.ts";

/** What is on a picture: indices of its concept, kind and background colour (−1: none), and a count. */
export interface PictureFact {
  readonly kind: "single" | "multiple" | "scene" | "digit";
  readonly concept: number;
  readonly kindIndex: number;
  readonly colour: number;
  readonly count: number;
}

/** A source of random pictures with facts about them; images are `[n, 3, S, S]` from 0 to 1. */
export interface PictureWorld<F extends PictureFact = PictureFact> {
  readonly names: readonly string[];
  readonly kinds: readonly string[];
  readonly words: readonly (readonly string[])[];
  sampleBatch(
    random: Random,
    n: number,
    options?: { readonly scale?: readonly [number, number]; readonly digits?: number },
  ): { readonly images: Float32Array; readonly facts: readonly F[] };
}

/** Normalisation of the pixels' channels. */
export interface PixelStatistics {
  readonly image_mean: readonly number[];
  readonly image_std: readonly number[];
}

/** OpenAI CLIP's statistics, which the zoo's models share. */
export const clipStatistics: PixelStatistics = {
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

/** Colours are ten, counts one to four. */
const colourCount = 10;
const countLimit = 4;
const digitCount = 10;

/** The questions that the classifiers answer. */
export function questionsOf(world: PictureWorld): Questions {
  return {
    concept: world.names.length,
    kind: world.kinds.length,
    colour: colourCount,
    count: countLimit,
    digit: digitCount,
  };
}

/** Pictures that are worth counting on. */
const severalKinds: ReadonlySet<PictureFact["kind"]> = new Set(["multiple", "scene"]);

/** Answers to the questions; digits are the last ten names. */
export function labelsOf(world: PictureWorld, facts: readonly PictureFact[]): Labels {
  const firstDigit = world.names.length - digitCount;
  const from = (label: (fact: PictureFact) => number) => Int32Array.from(facts, label);
  return {
    concept: from((fact) => fact.concept),
    kind: from((fact) => fact.kindIndex),
    colour: from((fact) => fact.colour),
    count: from((fact) => severalKinds.has(fact.kind) ? fact.count - 1 : -1),
    digit: from((fact) => fact.kind === "digit" ? fact.concept - firstDigit : -1),
  };
}

/** Normalises `[n, 3, S, S]` pixels from 0 to 1, in place. */
export function normalisePixels(
  images: Float32Array,
  size: number,
  { image_mean: mean, image_std: std }: PixelStatistics = clipStatistics,
): Float32Array {
  const plane = size * size;
  for (let start = 0, channel = 0; start < images.length; start += plane, channel++) {
    const scale = 1 / std[channel % 3]!;
    const shift = -mean[channel % 3]! * scale;
    for (let i = start; i < start + plane; i++) images[i] = images[i]! * scale + shift;
  }
  return images;
}

/** Large drawings first: the smallest scale falls from 0.75 to 0.3 in the first half. */
export function scaleAt(step: number, steps: number): readonly [number, number] {
  return [0.75 - 0.45 * Math.min(1, 2 * step / steps), 1.3];
}

/** Feeds of a step for the inputs that encoder and CLIP share, and the facts behind them. */
export function pictureFeeds<F extends PictureFact>(
  world: PictureWorld<F>,
  sizes: VisionSizes,
  at: {
    readonly step: number;
    readonly steps: number;
    readonly batch: number;
    readonly seed: number;
    /** Share of digits among the pictures; default the world's own. */
    readonly digits?: number;
  },
): { readonly feeds: Record<string, Tensor>; readonly facts: readonly F[] } {
  const { step, steps, batch, seed } = at;
  const random = new Random(`${seed}/pictures/${step}`);
  const { images, facts } = world.sampleBatch(random, batch, {
    scale: scaleAt(step, steps),
    ...(at.digits === undefined ? {} : { digits: at.digits }),
  });
  const size = sizes.image_size;
  return {
    facts,
    feeds: {
      pixel_values: tensor("float32", [batch, 3, size, size], normalisePixels(images, size)),
      kept: keptTokens(random, batch, patchCount(sizes), keptCount(sizes, step, steps)),
      ...targetFeeds(labelsOf(world, facts)),
    },
  };
}
