/** Augments a training image before it is put on the canvas. @module */
import type { Random } from "../tensor/random.ts";
import { resizePlanes } from "../vision/resize.ts";
import { trivialAugment } from "../vision/trivial_augment.ts";

/** Changes a square image, float32 [3, side, side] in [0, 1]; the draws are the image's own. */
type Change = (image: Float32Array, side: number, random: Random) => Float32Array;

interface AugmentRow {
  readonly description: string;
  /** Mirrors half of the images left to right, where the data set says that answers hold there. */
  readonly flips: boolean;
  /** Cuts the square of `fit: crop` at a random place, not in the middle. */
  readonly crops?: boolean;
  /** Absent: nothing is drawn for an image but its mirroring. */
  readonly change?: Change;
}

/** Smallest share of the side that input diversity leaves of an image. */
const SMALLEST = 0.9;

/**
 * Input diversity (Xie et al., arXiv 1803.06978, which EVP, arXiv 2212.10556, takes up): with
 * probability ½ the image is resized to r of its side, r uniform in [0.9, 1] (299 of 330 pixels in the paper), and placed at
 * random on zeros.
 */
function diversify(image: Float32Array, side: number, random: Random): Float32Array {
  if (random.uniform() < 0.5) return image;
  const size = Math.round(side * random.uniform(SMALLEST, 1));
  const [top, left] = [random.integer(side - size + 1), random.integer(side - size + 1)];
  const small = resizePlanes(image, {
    from: { height: side, width: side },
    to: { height: size, width: size },
  });
  const out = new Float32Array(image.length);
  for (let i = 0; i < small.length; i++) {
    const [x, row] = [i % size, Math.floor(i / size)];
    const [y, channel] = [row % size, Math.floor(row / size)];
    out[(channel * side + top + y) * side + left + x] = Math.min(1, Math.max(0, small[i]!));
  }
  return out;
}

/** The augmentations by name. Resize and random crop of the papers leave squares as they are. */
export const augmentations = {
  none: { description: "the images as they are", flips: false },
  "flip-crop": {
    description: "mirrored at random; with fit: crop, cropped at random (squares stay whole)",
    flips: true,
    crops: true,
  },
  "trivial-augment": {
    description: "mirrored, then one random operation of random strength (TrivialAugment)",
    flips: true,
    change: trivialAugment,
  },
  "input-diversity": {
    description: "mirrored, then resized and placed at random half of the time",
    flips: true,
    change: diversify,
  },
} satisfies Record<string, AugmentRow>;

/** Name of an augmentation. */
export type AugmentName = keyof typeof augmentations;

/** An augmentation by its name. */
export const augmentation = (name: AugmentName): AugmentRow => augmentations[name];
