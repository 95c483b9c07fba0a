/** Weather: snow, frost, fog, sunshine. @module */
import { greyOf } from "../pixels.ts";
import { type Corruption, corruption } from "./corruption.ts";
import { fractal, streak, zoomed } from "./sample.ts";

/** A plane turned by half a circle. */
const turned = (plane: Float32Array) => plane.slice().reverse();

/** Flakes are the peaks of normal noise, enlarged and drawn out; the image itself gets paler. */
export const snow: Corruption = corruption(
  "falling snow",
  [
    { mean: 0.1, deviation: 0.2, zoom: 1, threshold: 0.6, sigma: 3, keep: 0.8 },
    { mean: 0.1, deviation: 0.2, zoom: 1, threshold: 0.5, sigma: 4, keep: 0.8 },
    { mean: 0.15, deviation: 0.3, zoom: 1.75, threshold: 0.55, sigma: 4, keep: 0.7 },
    { mean: 0.25, deviation: 0.3, zoom: 2.25, threshold: 0.6, sigma: 6, keep: 0.65 },
    { mean: 0.3, deviation: 0.3, zoom: 1.25, threshold: 0.65, sigma: 12, keep: 0.6 },
  ],
  ({ image, size, scale, random }, { mean, deviation, zoom, threshold, sigma, keep }) => {
    const angle = random.uniform(-3 * Math.PI / 4, -Math.PI / 4);
    const field = Float32Array.from(
      { length: size.height * size.width },
      () => mean + deviation * random.normal(),
    );
    const flakes = zoomed(field, size, zoom)
      .map((x) => x < threshold ? 0 : Math.min(1, x));
    const layer = streak(flakes, size, { angle, sigma: sigma * scale });
    const other = turned(layer);
    const grey = greyOf(image);
    return image.map((x, i) => {
      const at = i % other.length;
      const pale = Math.max(x, 1.5 * grey[at]! + 0.5);
      return keep * x + (1 - keep) * pale + layer[at]! + other[at]!;
    });
  },
);

/** Colour of ice. */
const ice = [0.82, 0.9, 0.98];

/**
 * Ice crystals over a darker image. The published corruption lays photographs of frost over it; ours
 * draws ridges of fractal noise.
 */
export const frost: Corruption = corruption(
  "ice crystals on the glass",
  [
    { keep: 1, ice: 0.3 },
    { keep: 0.9, ice: 0.4 },
    { keep: 0.8, ice: 0.45 },
    { keep: 0.75, ice: 0.5 },
    { keep: 0.7, ice: 0.55 },
  ],
  ({ image, size, random }, level) => {
    const ridge = (x: number) => (1 - Math.abs(2 * x - 1)) ** 3;
    const crystals = fractal(size, random, { decay: 1.4, cells: 3, shape: ridge });
    const cover = fractal(size, random, { decay: 2 });
    return image.map((x, i) => {
      const [at, channel] = [i % cover.length, Math.floor(i / cover.length)];
      const texture = 0.25 + 0.75 * Math.sqrt(crystals[at]!) * (0.4 + 0.6 * cover[at]!);
      return level.keep * x + level.ice * ice[channel]! * texture * 1.3;
    });
  },
);

/** Added fractal mist, the whole brought back to the brightness of the image's brightest pixel. */
export const fog: Corruption = corruption(
  "fog (fractal noise)",
  [
    { amount: 0.4, decay: 3 },
    { amount: 0.7, decay: 3 },
    { amount: 1, decay: 2.5 },
    { amount: 1.5, decay: 2 },
    { amount: 2, decay: 1.75 },
  ],
  ({ image, size, random }, { amount, decay }) => {
    const brightest = image.reduce((most, x) => Math.max(most, x), 0);
    const mist = fractal(size, random, { decay });
    const share = brightest / (brightest + amount) || 0;
    return image.map((x, i) => (x + amount * mist[i % mist.length]!) * share);
  },
);

/** The value of HSV raised; hue and saturation stay. */
export const brightness: Corruption = corruption(
  "overexposed",
  [0.1, 0.2, 0.3, 0.4, 0.5],
  ({ image, size }, amount) => {
    const area = size.height * size.width;
    return image.map((x, i) => {
      const at = i % area;
      const value = Math.max(image[at]!, image[area + at]!, image[2 * area + at]!);
      const raised = Math.min(1, value + amount);
      return value > 0 ? x * raised / value : raised;
    });
  },
);
