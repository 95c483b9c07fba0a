/**
 * Resizes images as Pillow does, antialiased: every output pixel is a weighted sum of input
 * pixels along one axis and then the other, so that a resize is two matrix products.
 *
 * @module
 */

/** A filter by Pillow's name; "sampled-bicubic" is PyTorch's, which does not widen when it shrinks. */
export type Resample =
  | "nearest"
  | "lanczos"
  | "bilinear"
  | "bicubic"
  | "box"
  | "hamming"
  | "sampled-bicubic";

/** Filters in the order of the numbers that `preprocessor_config.json` gives as `resample`. */
export const resampleNames: readonly Resample[] = [
  "nearest",
  "lanczos",
  "bilinear",
  "bicubic",
  "box",
  "hamming",
];

/** Sums of input pixels for every output pixel of one axis. */
export interface AxisWeights {
  readonly inputSize: number;
  readonly outputSize: number;
  /** First input pixel of each sum. */
  readonly start: Int32Array;
  /** Most pixels that a sum has. */
  readonly taps: number;
  /** `outputSize * taps` weights, each row summing to 1, padded with zeros. */
  readonly weights: Float64Array;
}

/** Height and width of an image. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

interface Filter {
  /** Half the width of the filter, in pixels of the coarser image. */
  readonly support: number;
  readonly value: (x: number) => number;
}

const filters: Readonly<Record<Exclude<Resample, "nearest" | "sampled-bicubic">, Filter>> = {
  lanczos: { support: 3, value: (x) => Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0 },
  bilinear: { support: 1, value: (x) => Math.max(1 - Math.abs(x), 0) },
  bicubic: { support: 2, value: (x) => cubic(x) },
  box: { support: 0.5, value: (x) => x > -0.5 && x <= 0.5 ? 1 : 0 },
  hamming: { support: 1, value: hamming },
};

/** Keys' cubic. */
function cubic(x: number, a = -0.5): number {
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function hamming(x: number): number {
  const t = Math.abs(x);
  if (t === 0) return 1;
  return t < 1 ? sinc(t) * (0.54 + 0.46 * Math.cos(Math.PI * t)) : 0;
}

/**
 * The weights that resize an axis.
 *
 * @throws {RangeError} If a size is not a positive integer.
 */
export function axisWeights(
  inputSize: number,
  outputSize: number,
  filter: Resample = "bicubic",
): AxisWeights {
  for (const size of [inputSize, outputSize]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`Cannot resize an axis of ${inputSize} to ${outputSize} pixels`);
    }
  }
  if (filter === "sampled-bicubic") return sampledWeights(inputSize, outputSize);
  return filter === "nearest"
    ? nearestWeights(inputSize, outputSize)
    : filterWeights(inputSize, outputSize, filters[filter]);
}

function nearestWeights(inputSize: number, outputSize: number): AxisWeights {
  const step = inputSize / outputSize;
  const start = new Int32Array(outputSize);
  // Pillow adds up the positions, so that exact halves fall where its rounding errors take them.
  for (let i = 0, position = step / 2; i < outputSize; i++, position += step) {
    start[i] = Math.min(Math.floor(position), inputSize - 1);
  }
  return { inputSize, outputSize, start, taps: 1, weights: new Float64Array(outputSize).fill(1) };
}

/** Four pixels around each place; those beyond an edge are the edge's. */
function sampledWeights(inputSize: number, outputSize: number): AxisWeights {
  const taps = Math.min(4, inputSize);
  const start = new Int32Array(outputSize);
  const weights = new Float64Array(outputSize * taps);
  for (let i = 0; i < outputSize; i++) {
    const place = (i + 0.5) * inputSize / outputSize - 0.5;
    const first = Math.floor(place) - 1;
    start[i] = Math.min(Math.max(first, 0), inputSize - taps);
    for (let k = first; k < first + 4; k++) {
      const pixel = Math.min(Math.max(k, 0), inputSize - 1);
      weights[i * taps + pixel - start[i]!]! += cubic(place - k, -0.75);
    }
  }
  return { inputSize, outputSize, start, taps, weights };
}

function filterWeights(inputSize: number, outputSize: number, filter: Filter): AxisWeights {
  const scale = inputSize / outputSize;
  const stretch = Math.max(scale, 1); // the filter widens when the image shrinks
  const support = filter.support * stretch;
  const taps = Math.ceil(support) * 2 + 1;
  const start = new Int32Array(outputSize);
  const weights = new Float64Array(outputSize * taps);
  for (let i = 0; i < outputSize; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), inputSize);
    const row = weights.subarray(i * taps, i * taps + end - first);
    let sum = 0;
    for (let k = 0; k < row.length; k++) {
      row[k] = filter.value((k + first - centre + 0.5) / stretch);
      sum += row[k]!;
    }
    for (let k = 0; k < row.length; k++) row[k] = row[k]! / sum;
    start[i] = first;
  }
  return { inputSize, outputSize, start, taps, weights };
}

/** The weights as a dense matrix, `[outputSize, inputSize]`: output = matrix · input. */
export function axisMatrix(axis: AxisWeights): Float32Array {
  const matrix = new Float32Array(axis.outputSize * axis.inputSize);
  for (let i = 0; i < axis.outputSize; i++) {
    for (let k = 0; k < axis.taps; k++) {
      const weight = axis.weights[i * axis.taps + k]!;
      if (weight !== 0) matrix[i * axis.inputSize + axis.start[i]! + k] = weight;
    }
  }
  return matrix;
}

/** Options of {@linkcode resizePlanes} and {@linkcode resizeBytes}. */
export interface ResizeOptions {
  readonly from: ImageSize;
  readonly to: ImageSize;
  /** Default `bicubic`. */
  readonly filter?: Resample;
}

/**
 * Resizes planes `[…, height, width]` of floating-point values, or of bytes, which represent 0 to 1.
 * Bicubic may overshoot.
 */
export function resizePlanes(
  planes: Float32Array | Uint8Array,
  options: ResizeOptions,
): Float32Array {
  const { from, to, filter } = options;
  const wide = axisWeights(from.width, to.width, filter);
  const high = axisWeights(from.height, to.height, filter);
  return sumRows(sumColumns(planes, wide), high, to.width);
}

/** What a byte of an image represents, in float32: kept as doubles, in which the sums are made. */
const units = Float64Array.from(Float32Array.from({ length: 256 }, (_, byte) => byte / 255));

/** Planes from 0 to 1 of bytes. */
export function unitPlanes(bytes: Uint8Array): Float32Array {
  const planes = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) planes[i] = units[bytes[i]!]!;
  return planes;
}

/** Sums along the last axis. */
function sumColumns(planes: Float32Array | Uint8Array, axis: AxisWeights): Float32Array {
  const { outputSize, inputSize } = axis;
  const out = new Float32Array(planes.length / inputSize * outputSize);
  sumEachRow(planes.length / inputSize, axis, {
    weights: axis.weights,
    read: planes instanceof Float32Array
      ? (values, row) => values.set(planes.subarray(row * inputSize, (row + 1) * inputSize))
      : (values, row) => {
        for (let x = 0, i = row * inputSize; x < inputSize; x++, i++) {
          values[x] = units[planes[i]!]!;
        }
      },
    write: (sums, row) => out.set(sums, row * outputSize),
  });
  return out;
}

/** How rows are read and written, see {@linkcode sumEachRow}. */
interface RowSums {
  readonly weights: Float64Array;
  /** Copies a row. */
  readonly read: (values: Float64Array, row: number) => void;
  readonly write: (sums: Float64Array, row: number) => void;
}

/**
 * Weighted sums along rows, four of them at a time: an addition waits for the one before it, and those
 * of other rows fill the time. Rows go through buffers, so that the inner loop sees one type of array,
 * whatever the planes are: with two it runs eight times slower.
 */
function sumEachRow(
  rows: number,
  { taps, start, inputSize, outputSize }: AxisWeights,
  { weights, read, write }: RowSums,
): void {
  const four = <T>(make: () => T): readonly [T, T, T, T] => [make(), make(), make(), make()];
  const values = four(() => new Float64Array(inputSize + taps)); // behind a row there is no weight
  const sums = four(() => new Float64Array(outputSize));
  const [a, b, c, d] = values;
  const [outA, outB, outC, outD] = sums;
  for (let row = 0; row < rows; row += 4) {
    const count = Math.min(4, rows - row);
    for (let i = 0; i < count; i++) read(values[i]!, row + i);
    for (let x = 0, w = 0; x < outputSize; x++) {
      let sumA = 0, sumB = 0, sumC = 0, sumD = 0;
      for (let at = start[x]!, end = w + taps; w < end; w++, at++) {
        const weight = weights[w]!;
        sumA += a[at]! * weight;
        sumB += b[at]! * weight;
        sumC += c[at]! * weight;
        sumD += d[at]! * weight;
      }
      outA[x] = sumA;
      outB[x] = sumB;
      outC[x] = sumC;
      outD[x] = sumD;
    }
    for (let i = 0; i < count; i++) write(sums[i]!, row + i);
  }
}

/** Sums along the axis before the last, which has `width` values. */
function sumRows(planes: Float32Array, axis: AxisWeights, width: number): Float32Array {
  const { taps, weights, start, outputSize, inputSize } = axis;
  const count = planes.length / (inputSize * width);
  const out = new Float32Array(count * outputSize * width);
  for (let plane = 0; plane < count; plane++) {
    for (let y = 0; y < outputSize; y++) {
      const to = (plane * outputSize + y) * width;
      for (let k = 0; k < taps; k++) {
        const weight = weights[y * taps + k]!;
        if (weight === 0) continue;
        const from = (plane * inputSize + start[y]! + k) * width;
        for (let x = 0; x < width; x++) out[to + x] = out[to + x]! + weight * planes[from + x]!;
      }
    }
  }
  return out;
}

/** Bits behind the binary point of Pillow's weights for 8-bit images. */
const one = 2 ** 22;

/**
 * Resizes planes `[…, height, width]` of bytes, equal to Pillow bit by bit: weights in fixed
 * point, and rounding after each axis.
 */
export function resizeBytes(planes: Uint8Array, options: ResizeOptions): Uint8Array {
  const { from, to, filter } = options;
  const [wide, high] = [
    axisWeights(from.width, to.width, filter),
    axisWeights(from.height, to.height, filter),
  ];
  return heightFirst(from, to)
    ? sumBytes(sumBytes(planes, high, from.width), wide, 1)
    : sumBytes(sumBytes(planes, wide, 1), high, to.width);
}

/** Pillow 13 takes the height first where it loses more than twice as much as the width; older ones never do. */
function heightFirst(from: ImageSize, to: ImageSize): boolean {
  const lost = from.height - to.height;
  return lost > 0 && lost > 2 * (from.width - to.width);
}

/** Sums along an axis whose neighbours lie `stride` apart. */
function sumBytes(planes: Uint8Array, axis: AxisWeights, stride: number): Uint8Array {
  if (axis.inputSize === axis.outputSize) return planes; // Pillow leaves such an axis out
  const fixed = axis.weights.map((weight) => Math.trunc(weight * one + (weight < 0 ? -0.5 : 0.5)));
  return stride === 1
    ? sumByteColumns(planes, axis, fixed)
    : sumByteRows(planes, axis, { fixed, stride });
}

const byteOf = (sum: number) => {
  const value = Math.floor(sum / one);
  return value < 0 ? 0 : value > 255 ? 255 : value;
};

function sumByteColumns(planes: Uint8Array, axis: AxisWeights, weights: Float64Array): Uint8Array {
  const { outputSize, inputSize } = axis;
  const out = new Uint8Array(planes.length / inputSize * outputSize);
  sumEachRow(planes.length / inputSize, axis, {
    weights,
    read: (values, row) => {
      for (let x = 0, i = row * inputSize; x < inputSize; x++, i++) values[x] = planes[i]!;
    },
    write: (sums, row) => {
      for (let x = 0, i = row * outputSize; x < outputSize; x++, i++) {
        out[i] = byteOf(sums[x]! + one / 2);
      }
    },
  });
  return out;
}

/** A whole row is summed at once: whole numbers below 2⁵³ are exact in any order. */
function sumByteRows(
  planes: Uint8Array,
  { taps, start, outputSize, inputSize }: AxisWeights,
  { fixed, stride }: { readonly fixed: Float64Array; readonly stride: number },
): Uint8Array {
  const count = planes.length / (inputSize * stride);
  const out = new Uint8Array(count * outputSize * stride);
  const sums = new Float64Array(stride);
  for (let block = 0, to = 0; block < count; block++) {
    for (let y = 0; y < outputSize; y++) {
      sums.fill(one / 2);
      const length = Math.min(taps, inputSize - start[y]!);
      for (let k = 0, from = (block * inputSize + start[y]!) * stride; k < length; k++) {
        const weight = fixed[y * taps + k]!;
        for (let x = 0; x < stride; x++, from++) sums[x] = sums[x]! + planes[from]! * weight;
      }
      for (let x = 0; x < stride; x++, to++) out[to] = byteOf(sums[x]!);
    }
  }
  return out;
}
