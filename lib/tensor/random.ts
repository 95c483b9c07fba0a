/** Seeded random numbers whose state can be saved and restored. @module */

/** Layers of the ziggurat, and the edge of its outermost one (Marsaglia and Tsang 2000). */
const layers = 128;
const tailEdge = 3.442619855899;
const layerArea = 9.91256303526217e-3;

const ziggurat = makeZiggurat();

function makeZiggurat(): { edge: Float64Array; height: Float64Array } {
  const edge = new Float64Array(layers + 1);
  const height = new Float64Array(layers + 1);
  const density = (x: number) => Math.exp(-x * x / 2);
  edge[0] = layerArea / density(tailEdge);
  edge[1] = tailEdge;
  for (let i = 2; i < layers; i++) {
    const previous = edge[i - 1]!;
    edge[i] = Math.sqrt(-2 * Math.log(layerArea / previous + density(previous)));
  }
  for (let i = 0; i <= layers; i++) height[i] = density(edge[i]!);
  return { edge, height };
}

/** The finaliser of MurmurHash3: every bit of the input moves every bit of the output. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hashSeed(text: string, lane: number): number {
  let h = mix(Math.imul(lane + 1, 0x9e3779b9));
  for (let i = 0; i < text.length; i++) h = mix(Math.imul(h ^ text.charCodeAt(i), 0x01000193));
  return mix(h ^ text.length);
}

/**
 * A stream of random numbers (xoshiro128**, Blackman and Vigna 2018). Equal seeds give equal
 * streams on every machine; seeds such as `"7/test/41"` give independent streams.
 *
 * @example
 * ```ts
 * const random = new Random(7);
 * const index = random.integer(10);
 * const noise = random.normal();
 * ```
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number | string) {
    const text = String(seed);
    this.#a = hashSeed(text, 0);
    this.#b = hashSeed(text, 1);
    this.#c = hashSeed(text, 2);
    this.#d = hashSeed(text, 3) | 1; // an all-zero state would stay zero
  }

  /**
   * A stream that continues where {@linkcode Random.state} was taken.
   *
   * @throws {TypeError} If the state is not four integers.
   */
  static from(state: readonly number[]): Random {
    if (state.length !== 4 || !state.every((word) => Number.isInteger(word))) {
      throw new TypeError(
        `Cannot restore a random state: it needs 4 integers, got ${JSON.stringify(state)}`,
      );
    }
    const random = new Random(0);
    [random.#a, random.#b, random.#c, random.#d] = state.map((word) => word | 0) as [
      number,
      number,
      number,
      number,
    ];
    return random;
  }

  /** Everything that determines the numbers to come: 4 signed 32-bit integers. */
  state(): readonly number[] {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  /** 32 random bits as a signed integer. */
  bits(): number {
    const b = this.#b;
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = b << 9;
    this.#c ^= this.#a;
    this.#d ^= b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** A number in [low, high), by default [0, 1), of 32 random bits. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * ((this.bits() >>> 0) / 4294967296);
  }

  /**
   * An integer in [0, n), every one equally likely.
   *
   * @throws {RangeError} If `n` is not an integer from 1 to 2³².
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 4294967296) {
      throw new RangeError(`Cannot draw an integer below ${n}: the bound must be from 1 to 2^32`);
    }
    const limit = 4294967296 - 4294967296 % n;
    let value = this.bits() >>> 0;
    while (value >= limit) value = this.bits() >>> 0;
    return value % n;
  }

  /** A number of the normal distribution of mean 0 and variance 1. */
  normal(): number {
    const { edge, height } = ziggurat;
    while (true) {
      const bits = this.bits();
      const layer = bits & (layers - 1);
      // The low 7 bits choose the layer, the other 25 the place in it, with its sign.
      const x = (bits >> 7) / 16777216 * edge[layer]!;
      if (Math.abs(x) < edge[layer + 1]!) return x;
      if (layer === 0) return this.#tail(x < 0);
      const between = height[layer]! + this.uniform() * (height[layer + 1]! - height[layer]!);
      if (between < Math.exp(-x * x / 2)) return x;
    }
  }

  /** The integers below `n` in random order (Fisher and Yates). */
  permutation(n: number): Uint32Array {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      const j = this.integer(i + 1);
      order[i] = order[j]!;
      order[j] = i;
    }
    return order;
  }

  /** A normal number beyond the outermost layer (Marsaglia 1964). */
  #tail(negative: boolean): number {
    while (true) {
      const x = -Math.log(1 - this.uniform()) / tailEdge;
      const y = -Math.log(1 - this.uniform());
      if (2 * y > x * x) return negative ? -tailEdge - x : tailEdge + x;
    }
  }
}
