/** Blur: of the lens, of frosted glass, of motion. @module */
import type { Random } from "../../tensor/random.ts";
import type { ImageSize } from "../resize.ts";
import { type Corruption, corruption } from "./corruption.ts";
import { convolve, smooth, streak, zoomed } from "./sample.ts";

/** A disc of a radius in pixels, each pixel by the share that it covers. */
function disc(radius: number): (readonly [number, number, number])[] {
  const reach = Math.ceil(radius);
  const parts = 8;
  const taps: [number, number, number][] = [];
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      let inside = 0;
      for (let part = 0; part < parts * parts; part++) {
        const x = dx - 0.5 + (part % parts + 0.5) / parts;
        const y = dy - 0.5 + (Math.floor(part / parts) + 0.5) / parts;
        if (x * x + y * y <= radius * radius) inside++;
      }
      if (inside > 0) taps.push([dx, dy, inside]);
    }
  }
  const sum = taps.reduce((total, [, , weight]) => total + weight, 0);
  return taps.map(([dx, dy, weight]) => [dx, dy, weight / sum]);
}

/** Published radii count whole pixels around the middle one, so half a pixel is added to the disc. */
export const defocusBlur: Corruption = corruption(
  "out of focus",
  [1, 1.5, 2, 3, 3.5],
  ({ image, size, scale }, radius) => convolve(image, size, disc(radius * scale)),
);

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

/** The mean of the image and of enlargements by up to so much. */
export const zoomBlur: Corruption = corruption(
  "moved towards the camera",
  [1.05, 1.1, 1.15, 1.2, 1.25],
  ({ image, size }, most) => {
    const factors = Array.from({ length: Math.round((most - 1) * 100) + 1 }, (_, i) => 1 + i / 100);
    const sum = image.slice();
    for (const factor of factors) {
      zoomed(image, size, factor).forEach((x, i) => sum[i]! += x);
    }
    return sum.map((x) => x / (factors.length + 1));
  },
);
