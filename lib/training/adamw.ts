/**
 * AdamW (arXiv 1711.05101) over the weights of a network, which lie one behind the other in one
 * array, as do the moments: a checkpoint is three arrays, an update one loop.
 *
 * @module
 */
import { sizeOf, type Tensor } from "../tensor/tensor.ts";

/** The rates of AdamW. */
export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Weight decay of matrices; vectors are not decayed. */
  readonly decay: number;
  /** Gradients of a larger norm, all weights together, are scaled down to this one. */
  readonly clip: number;
}

/** What the pretraining of the zoo uses, but for the decay. */
export const adamWDefaults: AdamWOptions = {
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  decay: 0.05,
  clip: 1,
};

/** A stretch of the arrays: one weight. */
interface Span {
  readonly name: string;
  readonly dims: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** Weights under training, and the moments of their gradients. */
export class TrainedWeights {
  readonly values: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Views of `values`, by name; they change with every update. */
  readonly tensors: Readonly<Record<string, Tensor<"float32">>>;
  /** Updates so far. */
  step = 0;
  readonly #spans: readonly Span[];

  /** Starts from a copy of `initial`; the order of its keys is the order in the arrays. */
  constructor(initial: Readonly<Record<string, Tensor>>) {
    const spans: Span[] = [];
    let length = 0;
    for (const [name, { dims }] of Object.entries(initial)) {
      spans.push({ name, dims, start: length, end: length += sizeOf(dims) });
    }
    this.#spans = spans;
    this.values = new Float32Array(length);
    this.first = new Float32Array(length);
    this.second = new Float32Array(length);
    this.tensors = Object.fromEntries(spans.map(({ name, dims, start, end }) => {
      const data = this.values.subarray(start, end);
      data.set(initial[name]!.data as Float32Array);
      return [name, { dtype: "float32", dims, data }];
    }));
  }

  /**
   * One update with a gradient for each weight.
   *
   * @returns The norm of the whole gradient before it was clipped.
   * @throws {RangeError} If the gradient is not finite.
   */
  update(
    grads: Readonly<Record<string, Tensor>>,
    learningRate: number,
    options: AdamWOptions = adamWDefaults,
  ): number {
    const norm = gradientNorm(this.#spans.map(({ name }) => gradOf(grads, name)));
    if (!Number.isFinite(norm)) {
      throw new RangeError(
        `Cannot update the weights in step ${this.step + 1}: the gradient's norm is ${norm}`,
      );
    }
    this.step++;
    const scale = Math.min(1, options.clip / (norm + 1e-6));
    for (const span of this.#spans) {
      this.#updateSpan(span, gradOf(grads, span.name), { scale, learningRate, options });
    }
    return norm;
  }

  #updateSpan(
    { start, end, dims }: Span,
    grad: Float32Array,
    { scale, learningRate, options }: {
      readonly scale: number;
      readonly learningRate: number;
      readonly options: AdamWOptions;
    },
  ): void {
    const { values, first, second } = this;
    const { beta1, beta2, epsilon, decay } = options;
    const keep = dims.length > 1 ? 1 - learningRate * decay : 1;
    const rate = learningRate / (1 - beta1 ** this.step);
    const correction = 1 / (1 - beta2 ** this.step);
    for (let i = start, j = 0; i < end; i++, j++) {
      const g = grad[j]! * scale;
      const m = beta1 * first[i]! + (1 - beta1) * g;
      const v = beta2 * second[i]! + (1 - beta2) * g * g;
      first[i] = m;
      second[i] = v;
      values[i] = values[i]! * keep - rate * m / (Math.sqrt(v * correction) + epsilon);
    }
  }
}

function gradOf(grads: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  const grad = grads[name];
  if (grad === undefined) {
    throw new TypeError(`Cannot update the weights: there is no gradient of "${name}"`);
  }
  return grad.data as Float32Array;
}

function gradientNorm(grads: readonly Float32Array[]): number {
  let sum = 0;
  for (const grad of grads) {
    for (let i = 0; i < grad.length; i++) sum += grad[i]! * grad[i]!;
  }
  return Math.sqrt(sum);
}

/** Share of the base learning rate: rises over `warmup` steps, then falls linearly to 0 at `steps`. */
export function warmupLinear(step: number, steps: number, warmup: number): number {
  return Math.min(1, (step + 1) / warmup) * (1 - step / steps);
}
