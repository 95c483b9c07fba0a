/** Batches of labelled images for the pretraining of the zoo. @module */
import type { ChangeName } from "../drawing/changes/change_table.ts";
import { Random } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { resizePlanes } from "../vision/resize.ts";
import {
  keptCount,
  keptTokens,
  type Labels,
  type Questions,
  shareFeed,
  targetFeeds,
} from "./pretrain_vision.ts";
import type { VisionSizes } from "../zoo/vision_transformer.ts";
import { patchCount } from "../zoo/vision_transformer.ts";

/** What is on an image: indices of its concept, kind and background colour (−1: none), and a count. */
export interface ImageFact {
  readonly kind: "single" | "multiple" | "scene" | "digit";
  readonly concept: number;
  readonly kindIndex: number;
  readonly colour: number;
  readonly count: number;
  /** Everything that is on it. */
  readonly sights: readonly { readonly concept: number; readonly kindIndex: number }[];
}

/** How to draw images; what is absent is as in the world's defaults. */
export interface DrawnImages {
  /** Smallest and largest edge of a single drawing relative to the image. */
  readonly scale?: readonly [number, number];
  /** Share of digits. */
  readonly digits?: number;
  /** Share of images with several drawings that may differ. */
  readonly scenes?: number;
  /** Changes that are made to some of them. */
  readonly changes?: readonly ChangeName[];
}

/** A source of random images with facts about them; images are `[n, 3, S, S]` from 0 to 1. */
export interface ImageWorld<F extends ImageFact = ImageFact> {
  readonly names: readonly string[];
  readonly kinds: readonly string[];
  readonly words: readonly (readonly string[])[];
  sampleBatch(
    random: Random,
    n: number,
    options?: DrawnImages,
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
export function questionsOf(world: ImageWorld): Questions {
  return {
    concept: world.names.length,
    kind: world.kinds.length,
    colour: colourCount,
    count: countLimit,
    digit: digitCount,
  };
}

/** Images that are worth counting on. */
const severalKinds: ReadonlySet<ImageFact["kind"]> = new Set(["multiple", "scene"]);

/** Answers to the questions; digits are the last ten names. */
export function labelsOf(world: ImageWorld, facts: readonly ImageFact[]): Labels {
  const firstDigit = world.names.length - digitCount;
  const from = (label: (fact: ImageFact) => number) => Int32Array.from(facts, label);
  return {
    concept: from((fact) => fact.concept),
    kind: from((fact) => fact.kindIndex),
    colour: from((fact) => fact.colour),
    count: from((fact) => severalKinds.has(fact.kind) ? fact.count - 1 : -1),
    digit: from((fact) => fact.kind === "digit" ? fact.concept - firstDigit : -1),
  };
}

/** `n` square images at another side, as a processor resizes them; the same where it is theirs. */
export function resizeImages(images: Float32Array, n: number, side: number): Float32Array {
  const values = images.length / n;
  const own = Math.sqrt(values / 3);
  if (own === side) return images;
  const sizes = { from: { height: own, width: own }, to: { height: side, width: side } };
  const resized = new Float32Array(n * 3 * side ** 2);
  for (let i = 0; i < n; i++) {
    const image = images.subarray(i * values, (i + 1) * values);
    resized.set(resizePlanes(image, sizes), i * 3 * side ** 2);
  }
  return resized;
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

/** Classifiers, and lists of captions, of what is on an image: all of it may be the answer. */
export const sightQuestions = ["concept", "kind"] as const;
export const sightCaptions = ["concept_captions", "kind_captions"] as const;

/** Everything on each image, as the answers of {@linkcode sightQuestions}. */
export function sightShares(world: ImageWorld, facts: readonly ImageFact[]) {
  const { concept, kind } = questionsOf(world);
  return {
    concept: shareFeed(facts.map((f) => f.sights.map((sight) => sight.concept)), concept!),
    kind: shareFeed(facts.map((f) => f.sights.map((sight) => sight.kindIndex)), kind!),
  };
}

/** The feeds of the classifiers; `all` sights are answers, or any `one`. */
export function classifierFeeds(
  world: ImageWorld,
  facts: readonly ImageFact[],
  sights: "one" | "all",
): Record<string, Tensor> {
  const { concept, kind, ...others } = labelsOf(world, facts);
  if (sights === "one") return targetFeeds({ concept: concept!, kind: kind!, ...others });
  const shares = sightShares(world, facts);
  return {
    "concept.shares": shares.concept,
    "kind.shares": shares.kind,
    ...targetFeeds(others),
  };
}

/** Edge of drawings at first, relative to the image. */
const firstScale = 0.75;

/** Edges of drawings in the world, relative to the image. */
const worldScale = [0.3, 1.3] as const;

/** Large drawings first: the smallest scale falls from 0.75 to that of the world in the first half. */
export function scaleAt(
  step: number,
  steps: number,
  [smallest, largest]: readonly [number, number] = worldScale,
): readonly [number, number] {
  return [firstScale - (firstScale - smallest) * Math.min(1, 2 * step / steps), largest];
}

/** The place of a step in a training, and what is drawn in it. */
export interface ImagePlace {
  readonly step: number;
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  readonly drawn?: DrawnImages;
}

/** The images of a step. */
export function imagesAt<F extends ImageFact>(
  world: ImageWorld<F>,
  { step, steps, batch, seed, drawn = {} }: ImagePlace,
): { readonly random: Random; readonly images: Float32Array; readonly facts: readonly F[] } {
  const random = new Random(`${seed}/pictures/${step}`);
  const scale = scaleAt(step, steps, drawn.scale);
  return { random, ...world.sampleBatch(random, batch, { ...drawn, scale }) };
}

/** Which patches a vision transformer keeps in a step: int64 `[batch, 1 + kept]`. */
export function keptFeed(
  sizes: VisionSizes,
  random: Random,
  at: ImagePlace & { readonly dropped: number },
): Tensor {
  const patches = patchCount(sizes);
  return keptTokens(random, at.batch, patches, keptCount(patches, at));
}

/** Side of the patches that a network without tokens loses. */
const patchSide = 8;

/**
 * Makes patches grey, in place, in normalised images `[n, 3, S, S]`, as many as a vision transformer
 * would drop: what a network without tokens can lose.
 */
export function dropPatches(
  images: Float32Array,
  random: Random,
  { size, ...at }: ImagePlace & { readonly dropped: number; readonly size: number },
): void {
  const side = size / patchSide;
  const kept = keptCount(side ** 2, at);
  if (kept === side ** 2) return;
  for (let item = 0; item < at.batch; item++) {
    for (const patch of random.permutation(side ** 2).subarray(kept)) {
      const [left, top] = [patch % side * patchSide, Math.floor(patch / side) * patchSide];
      for (let row = 0; row < 3 * patchSide; row++) {
        const [channel, y] = [Math.floor(row / patchSide), row % patchSide];
        const from = ((item * 3 + channel) * size + top + y) * size + left;
        images.fill(0, from, from + patchSide);
      }
    }
  }
}
