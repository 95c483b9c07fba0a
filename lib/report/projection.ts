/**
 * Projects points of many dimensions to a plane: exact t-SNE (van der Maaten and Hinton 2008).
 *
 * @module
 */

/** Points as rows: [count, width]. */
export interface Points {
  readonly count: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** Settings of a projection. */
export interface ProjectionOptions {
  /** About how many neighbours count; default 30, at most a third of the points. */
  readonly perplexity?: number;
  /** Default 750. */
  readonly iterations?: number;
  /** Numbers from 0 to 1 for the places to begin with. */
  readonly random: () => number;
}

/** Pairs of points are made to attract each other so much more in the first iterations. */
const EXAGGERATION = 12;
const EXAGGERATED_ITERATIONS = 250;

/** Squared distances of all pairs. */
function distances({ count, width, data }: Points): Float64Array {
  const out = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += (data[i * width + k]! - data[j * width + k]!) ** 2;
      out[i * count + j] = out[j * count + i] = sum;
    }
  }
  return out;
}

/** p(j|i) of one row: normal weights whose entropy is log(perplexity), by bisection. */
function conditional(row: Float64Array, self: number, perplexity: number): Float64Array {
  let [low, high, precision] = [0, Infinity, 1];
  // Distances are taken relative to the nearest neighbour's, so that no row is all zeros.
  const nearest = row.reduce((least, d, j) => j === self ? least : Math.min(least, d), Infinity);
  let weights = row;
  for (let step = 0; step < 64; step++) {
    weights = row.map((d, j) => j === self ? 0 : Math.exp(-(d - nearest) * precision));
    const sum = weights.reduce((total, w) => total + w, 0);
    weights = weights.map((w) => w / sum);
    const entropy = -weights.reduce((total, p) => p > 0 ? total + p * Math.log(p) : total, 0);
    if (Math.abs(entropy - Math.log(perplexity)) < 1e-5) break;
    if (entropy > Math.log(perplexity)) low = precision;
    else high = precision;
    precision = high === Infinity ? precision * 2 : (low + high) / 2;
  }
  return weights;
}

/** Joint probabilities P of pairs, symmetric, summing to 1. */
function similarities(points: Points, perplexity: number): Float64Array {
  const { count } = points;
  const squared = distances(points);
  const scale = squared.reduce((sum, d) => sum + d, 0) / squared.length || 1;
  const joint = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    const row = squared.subarray(i * count, (i + 1) * count).map((d) => d / scale);
    conditional(row, i, perplexity).forEach((p, j) => {
      joint[i * count + j]! += p / (2 * count);
      joint[j * count + i]! += p / (2 * count);
    });
  }
  return joint.map((p) => Math.max(p, 1e-12));
}

/** 4 Σⱼ (pᵢⱼ − qᵢⱼ)(yᵢ − yⱼ)/(1 + |yᵢ − yⱼ|²) */
function gradient(places: Float64Array, joint: Float64Array, exaggeration: number): Float64Array {
  const count = places.length / 2;
  const kernel = new Float64Array(count * count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      const dx = places[2 * i]! - places[2 * j]!, dy = places[2 * i + 1]! - places[2 * j + 1]!;
      kernel[i * count + j] = 1 / (1 + dx * dx + dy * dy);
      sum += 2 * kernel[i * count + j]!;
    }
  }
  const grad = new Float64Array(places.length);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      const k = kernel[i * count + j]!;
      const force = 4 * (exaggeration * joint[i * count + j]! - k / sum) * k;
      for (const axis of [0, 1]) {
        const pull = force * (places[2 * i + axis]! - places[2 * j + axis]!);
        grad[2 * i + axis]! += pull;
        grad[2 * j + axis]! -= pull;
      }
    }
  }
  return grad;
}

/**
 * Projects points to the plane. Time grows with the square of their number; a thousand take seconds.
 *
 * @returns x and y of every point.
 * @throws {RangeError} If there are fewer than four points.
 */
export function projectPoints(points: Points, options: ProjectionOptions): [number, number][] {
  const { count } = points;
  if (count < 4) throw new RangeError(`Cannot project ${count} points: at least 4 are needed`);
  const perplexity = Math.min(options.perplexity ?? 30, (count - 1) / 3);
  const joint = similarities(points, perplexity);
  const places = Float64Array.from({ length: 2 * count }, () => 1e-4 * (options.random() - 0.5));
  const velocity = new Float64Array(2 * count);
  const gains = new Float64Array(2 * count).fill(1);
  const rate = Math.max(count / EXAGGERATION / 4, 50);
  for (let step = 0; step < (options.iterations ?? 750); step++) {
    const isEarly = step < EXAGGERATED_ITERATIONS;
    const grad = gradient(places, joint, isEarly ? EXAGGERATION : 1);
    for (let i = 0; i < places.length; i++) {
      const agrees = Math.sign(grad[i]!) === Math.sign(velocity[i]!);
      gains[i] = Math.max(0.01, agrees ? gains[i]! * 0.8 : gains[i]! + 0.2);
      velocity[i] = (isEarly ? 0.5 : 0.8) * velocity[i]! - rate * gains[i]! * grad[i]!;
      places[i]! += velocity[i]!;
    }
  }
  return Array.from({ length: count }, (_, i) => [places[2 * i]!, places[2 * i + 1]!]);
}
