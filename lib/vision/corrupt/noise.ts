/** Noise: of electronics, of few photons, of dead pixels. @module */
import type { Random } from "../../tensor/random.ts";
import { type Corruption, corruption } from "./corruption.ts";

/** Added normal noise of a standard deviation. */
export const gaussianNoise: Corruption = corruption(
  "normal noise, as in low light",
  [0.04, 0.08, 0.12, 0.15, 0.18],
  ({ image, random }, deviation) => image.map((x) => x + deviation * random.normal()),
);

/** Counts below this are drawn one by one, larger ones as rounded normal numbers. */
const EXACT = 30;

/** A Poisson number; about as many draws from the stream as the count for small means. */
function poisson(mean: number, random: Random): number {
  if (mean > EXACT) return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  const end = Math.exp(-mean);
  let count = 0;
  for (let product = random.uniform(); product > end; product *= random.uniform()) count++;
  return count;
}

/** The number of photons of a pixel of value 1. */
export const shotNoise: Corruption = corruption(
  "photon counts (Poisson), as of short exposures",
  [250, 100, 50, 30, 15],
  ({ image, random }, photons) => image.map((x) => poisson(x * photons, random) / photons),
);

/** A share of the values is 0 or 1. */
export const impulseNoise: Corruption = corruption(
  "salt and pepper, as of broken pixels",
  [0.01, 0.02, 0.05, 0.08, 0.14],
  ({ image, random }, share) =>
    image.map((x) => {
      const [hit, white] = [random.uniform() < share, random.uniform() < 0.5];
      return hit ? (white ? 1 : 0) : x;
    }),
);
