/** Blur: of the lens, of frosted glass, of motion. @module */
import type { Random } from "../../tensor/random.ts";
import type { ImageSize } from "../resize.ts";
import { type Corruption, corruption, type Levels } from "./corruption.ts";
import { meanOfDisc, smooth, streak, zoomed } from "./sample.ts";

/** Radius of a disc, and the standard deviation that smooths its edge. */
interface Lens {
  readonly radius: number;
  readonly sigma: number;
}

/** As published for images of 32 pixels: there is no smaller disc than one pixel. */
const smallLenses: Levels<Lens> = [
  { radius: 0.3, sigma: 0.4 },
  { radius: 0.4, sigma: 0.5 },
  { radius: 0.5, sigma: 0.6 },
  { radius: 1, sigma: 0.2 },
  { radius: 1.5, sigma: 0.1 },
];

/** As published for images of 64 pixels. */
const lenses: Levels<Lens> = [
  { radius: 0.5, sigma: 0.6 },
  { radius: 1, sigma: 0.1 },
  { radius: 1.5, sigma: 0.1 },
  { radius: 2.5, sigma: 0.01 },
  { radius: 3, sigma: 0.1 },
];

/** Pixels whose middles lie in the disc have the same weight. */
export const defocusBlur: Corruption = {
  description: "out of focus",
  apply: ({ image, size, scale }, severity) => {
    const isSmall = scale < 0.75;
    const { radius, sigma } = (isSmall ? smallLenses : lenses)[severity - 1]!;
    const larger = Math.max(1, scale);
    const disc = meanOfDisc(image, size, radius * larger);
    return smooth(disc, size, sigma * larger, radius * larger <= 8 ? 1 : 2);
  },
};

/**
 * Smoothed, neighbours swapped at random, smoothed. The share of swapped pixels is ours: published,
 * all are swapped, which at 64 pixels makes severity 1 the strongest.
 */
export const glassBlur: Corruption = corruption(
  "behind frosted glass",
  [
    { sigma: 0.4, reach: 1, rounds: 1, share: 0.3 },
    { sigma: 0.5, reach: 1, rounds: 1, share: 0.6 },
    { sigma: 0.6, reach: 1, rounds: 2, share: 0.8 },
    { sigma: 0.7, reach: 2, rounds: 1, share: 1 },
    { sigma: 0.9, reach: 2, rounds: 2, share: 1 },
  ],
  ({ image, size, scale, random }, { sigma, reach, rounds, share }) => {
    const out = smooth(image, size, sigma * scale);
    const far = Math.max(1, Math.round(reach * scale));
    for (let round = 0; round < rounds; round++) swapNeighbours(out, { size, far, share, random });
    return smooth(out, size, sigma * scale);
  },
);

/** Swaps pixels with others up to `far` pixels above and to the left, and one less to the other side. */
function swapNeighbours(
  planes: Float32Array,
  { size: { height, width }, far, share, random }: {
    readonly size: ImageSize;
    readonly far: number;
    readonly share: number;
    readonly random: Random;
  },
): void {
  const area = height * width;
  for (let y = height - far - 1; y >= far; y--) {
    for (let x = width - far - 1; x >= far; x--) {
      const [dy, dx] = [random.integer(2 * far) - far, random.integer(2 * far) - far];
      if (random.uniform() >= share) continue;
      const [here, there] = [y * width + x, (y + dy) * width + x + dx];
      for (let start = 0; start < planes.length; start += area) {
        const kept = planes[start + here]!;
        planes[start + here] = planes[start + there]!;
        planes[start + there] = kept;
      }
    }
  }
}

/** A trail at up to 45° to the horizontal. */
export const motionBlur: Corruption = corruption(
  "moved camera",
  [1, 1.5, 2, 2.5, 3],
  ({ image, size, scale, random }, sigma) =>
    streak(image, size, {
      angle: random.uniform(-Math.PI / 4, Math.PI / 4),
      sigma: sigma * scale,
    }),
);

/**
 * The mean of the image and of so many enlargements, each by 0.01 more, from 1 on. The numbers are those
 * of the published ranges as NumPy's `arange` counts them, and so are the factors: its rounding adds one
 * to the first two numbers, and decides where half a pixel goes.
 */
export const zoomBlur: Corruption = corruption(
  "moved towards the camera",
  [7, 12, 16, 21, 26],
  ({ image, size }, count) => {
    const sum = image.slice();
    for (let step = 0; step < count; step++) {
      zoomed(image, size, 1 + step * (1.01 - 1)).forEach((x, i) => sum[i]! += x);
    }
    return sum.map((x) => x / (count + 1));
  },
);
