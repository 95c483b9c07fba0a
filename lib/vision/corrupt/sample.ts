/**
 * Samples images between pixels, smooths them, and draws random fields, for several corruptions.
 *
 * @module
 */
import type { Random } from "../../tensor/random.ts";
import type { ImageSize } from "../resize.ts";

/** A coordinate mirrored at the edges into [0, side − 1]. */
function mirrored(x: number, side: number): number {
  if (side === 1) return 0;
  const period = 2 * (side - 1);
  const t = ((x % period) + period) % period;
  return t < side ? t : period - t;
}

/** Every plane at (x, y) in pixels, bilinear, mirrored at the edges. */
export function sampleAt(
  planes: Float32Array,
  { height, width }: ImageSize,
  at: (x: number, y: number) => readonly [number, number],
): Float32Array {
  const out = new Float32Array(planes.length);
  const area = height * width;
  for (let i = 0; i < area; i++) {
    const [u, v] = at(i % width, Math.floor(i / width));
    const [x, y] = [mirrored(u, width), mirrored(v, height)];
    const [left, top] = [Math.min(Math.floor(x), width - 1), Math.min(Math.floor(y), height - 1)];
    const [right, below] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
    const [fx, fy] = [x - left, y - top];
    for (let start = 0; start < planes.length; start += area) {
      const upper = planes[start + top * width + left]! * (1 - fx) +
        planes[start + top * width + right]! * fx;
      const lower = planes[start + below * width + left]! * (1 - fx) +
        planes[start + below * width + right]! * fx;
      out[start + i] = upper * (1 - fy) + lower * fy;
    }
  }
  return out;
}

/** A weighted sum of images moved by whole pixels, mirrored at the edges. */
export function convolve(
  planes: Float32Array,
  { height, width }: ImageSize,
  taps: readonly (readonly [dx: number, dy: number, weight: number])[],
): Float32Array {
  const out = new Float32Array(planes.length);
  const area = height * width;
  const index = (shift: number, side: number) =>
    Int32Array.from({ length: side }, (_, i) => mirrored(i + shift, side));
  for (const [dx, dy, weight] of taps) {
    const [columns, rows] = [index(dx, width), index(dy, height)];
    for (let start = 0; start < planes.length; start += area) {
      for (let i = 0; i < area; i++) {
        const from = rows[Math.floor(i / width)]! * width + columns[i % width]!;
        out[start + i]! += weight * planes[start + from]!;
      }
    }
  }
  return out;
}

/** Means over the pixels whose middles are at most `radius` away, mirrored at the edges. */
export function meanOfDisc(
  planes: Float32Array,
  { height, width }: ImageSize,
  radius: number,
): Float32Array {
  const out = new Float32Array(planes.length);
  const reach = Math.floor(radius);
  const halves = Array.from(
    { length: reach + 1 },
    (_, dy) => Math.floor(Math.sqrt(radius * radius - dy * dy)),
  );
  const count = halves.reduce((sum, half, dy) => sum + (dy === 0 ? 1 : 2) * (2 * half + 1), 0);
  const sums = new Float64Array(height * (width + 2 * reach + 1));
  const wide = width + 2 * reach + 1;
  for (let start = 0; start < planes.length; start += height * width) {
    // Sums of a row up to each pixel: those of any run are one difference.
    for (let y = 0; y < height; y++) {
      for (let x = 0, sum = 0; x < wide - 1; x++) {
        sum += planes[start + y * width + mirrored(x - reach, width)]!;
        sums[y * wide + x + 1] = sum;
      }
    }
    for (let y = 0; y < height; y++) {
      for (let dy = -reach; dy <= reach; dy++) {
        const half = halves[Math.abs(dy)]!;
        const row = mirrored(y + dy, height) * wide + reach;
        for (let x = 0, to = start + y * width; x < width; x++, to++) {
          out[to]! += (sums[row + x + half + 1]! - sums[row + x - half]!) / count;
        }
      }
    }
  }
  return out;
}

/** Gaussian smoothing, cut off at 4σ where nothing else is said. */
export function smooth(
  planes: Float32Array,
  size: ImageSize,
  sigma: number,
  reach: number = Math.max(1, Math.ceil(4 * sigma)),
): Float32Array {
  const weights = Array.from(
    { length: 2 * reach + 1 },
    (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const across = weights.map((weight, i) => [i - reach, 0, weight / sum] as const);
  const down = across.map(([shift, , weight]) => [0, shift, weight] as const);
  return convolve(convolve(planes, size, across), size, down);
}

/** Means along a direction with weights that fall as half a Gaussian: what moves leaves a trail. */
export function streak(
  planes: Float32Array,
  size: ImageSize,
  { angle, sigma }: { readonly angle: number; readonly sigma: number },
): Float32Array {
  const steps = Math.max(1, Math.ceil(3 * sigma));
  const weights = Array.from({ length: steps + 1 }, (_, i) => Math.exp(-i * i / (2 * sigma ** 2)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const out = new Float32Array(planes.length);
  weights.forEach((weight, i) => {
    const [dx, dy] = [i * Math.cos(angle), i * Math.sin(angle)];
    const moved = sampleAt(planes, size, (x, y) => [x + dx, y + dy]);
    for (let k = 0; k < out.length; k++) out[k]! += weight / sum * moved[k]!;
  });
  return out;
}

/**
 * The middle of an image, enlarged as published: whole pixels are cut out, their corners stay corners,
 * and what is too much is cut off.
 */
export function zoomed(planes: Float32Array, size: ImageSize, factor: number): Float32Array {
  const [across, down] = [zoomedAxis(size.width, factor), zoomedAxis(size.height, factor)];
  return sampleAt(planes, size, (x, y) => [across(x), down(y)]);
}

/** Where a pixel of the enlargement comes from. */
function zoomedAxis(side: number, factor: number): (x: number) => number {
  const kept = Math.ceil(side / factor);
  const start = Math.floor((side - kept) / 2);
  const enlarged = roundHalfEven(kept * factor);
  const trim = Math.floor((enlarged - side) / 2);
  const step = enlarged > 1 ? (kept - 1) / (enlarged - 1) : 0;
  return (x) => start + (x + trim) * step;
}

/** As Python rounds. */
function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  return x - low === 0.5 ? low + low % 2 : Math.round(x);
}

/** Random values on a grid of `cells` + 1 knots along the shorter side, smooth between them, in [0, 1]. */
function valueNoise({ height, width }: ImageSize, cells: number, random: Random): Float32Array {
  const short = Math.min(height, width);
  const [across, down] = [width, height].map((side) => Math.round(cells * side / short)) as [
    number,
    number,
  ];
  const knots = across + 1;
  const values = Float32Array.from({ length: knots * (down + 1) }, () => random.uniform());
  const ease = (t: number) => t * t * (3 - 2 * t);
  return Float32Array.from({ length: height * width }, (_, i) => {
    const [x, y] = [(i % width) / width * across, Math.floor(i / width) / height * down];
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [fx, fy] = [ease(x - left), ease(y - top)];
    const at = (row: number, column: number) => values[row * knots + column]!;
    return (at(top, left) * (1 - fx) + at(top, left + 1) * fx) * (1 - fy) +
      (at(top + 1, left) * (1 - fx) + at(top + 1, left + 1) * fx) * fy;
  });
}

/** Fractal noise: octaves of halved size whose share falls by `decay`, from 0 to 1. */
export function fractal(
  size: ImageSize,
  random: Random,
  { decay, cells = 2, shape = (x) => x }: {
    readonly decay: number;
    readonly cells?: number;
    readonly shape?: (value: number) => number;
  },
): Float32Array {
  const sum = new Float32Array(size.height * size.width);
  const finest = Math.min(size.height, size.width);
  for (let count = cells, share = 1; count <= finest; count *= 2, share /= decay) {
    const octave = valueNoise(size, count, random);
    for (let i = 0; i < sum.length; i++) sum[i]! += share * shape(octave[i]!);
  }
  const low = sum.reduce((least, x) => Math.min(least, x), Infinity);
  const high = sum.reduce((most, x) => Math.max(most, x), -Infinity);
  return sum.map((x) => (x - low) / Math.max(high - low, 1e-12));
}
