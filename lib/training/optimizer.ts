/**
 * Update rules for what is trained of a prompt: δ, and the transformation where its kind has one.
 * State is plain arrays, so that a checkpoint holds it.
 *
 * m is 0 where δ stays as it is, 1 where it is trained (see `parameterRates`); g is the gradient of
 * the batch's mean loss, or its estimate.
 *
 * @module
 */

/** State of an optimiser: named arrays of the size of δ, and the number of updates so far. */
export interface OptimizerState {
  step: number;
  readonly moments: Readonly<Record<string, Float32Array>>;
}

/** One update: changes `delta` in place where the mask is not 0. */
interface Update {
  readonly delta: Float32Array;
  readonly grad: Float32Array;
  /** Rates m. */
  readonly mask: Float32Array;
  readonly lr: number;
  readonly state: OptimizerState;
  /** Parameters that are normalised by themselves; default: all as one. */
  readonly places?: readonly { readonly start: number; readonly end: number }[];
}

interface OptimizerRow {
  readonly description: string;
  /** Names of the arrays it keeps. */
  readonly moments: readonly string[];
  /** `autodiff`: needs a model that can be differentiated. `spsa`: needs its loss alone. */
  readonly gradient: "autodiff" | "spsa";
  update(update: Update): void;
  /** Where the gradient is taken; default: at the values themselves. */
  lookAhead?(values: Float32Array, state: OptimizerState): Float32Array;
}

/** ‖x‖₂, summed in float64. */
export function norm(x: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!;
  return Math.sqrt(sum);
}

/**
 * δ ← δ − lr·m·g/(‖g‖₂ + 1e-10), the norm over the whole gradient before masking (EVP, arXiv
 * 2212.10556; code of TVP, arXiv 2404.11207). Every parameter of a transformation has its own norm.
 */
function reference({ delta, grad, mask, lr, places }: Update): void {
  for (const { start, end } of places ?? [{ start: 0, end: delta.length }]) {
    const scale = lr / (norm(grad.subarray(start, end)) + 1e-10);
    for (let i = start; i < end; i++) delta[i]! -= scale * mask[i]! * grad[i]!;
  }
}

/** SGD with momentum 0.9: v ← 0.9 v + g, δ ← δ − lr·m·v (VP, arXiv 2203.17274). */
function sgd({ delta, grad, mask, lr, state }: Update): void {
  const velocity = state.moments.velocity!;
  for (let i = 0; i < delta.length; i++) {
    velocity[i] = 0.9 * velocity[i]! + grad[i]!;
    delta[i]! -= lr * mask[i]! * velocity[i]!;
  }
}

/** Adam with β 0.9 and 0.999, ε 1e-8 (arXiv 1412.6980, algorithm 1). */
function adam({ delta, grad, mask, lr, state }: Update): void {
  const { first, second } = state.moments as Record<"first" | "second", Float32Array>;
  const t = state.step + 1;
  const [c1, c2] = [1 - 0.9 ** t, 1 - 0.999 ** t];
  for (let i = 0; i < delta.length; i++) {
    const g = grad[i]!;
    first[i] = 0.9 * first[i]! + 0.1 * g;
    second[i] = 0.999 * second[i]! + 0.001 * g * g;
    delta[i]! -= lr * mask[i]! * (first[i]! / c1) / (Math.sqrt(second[i]! / c2) + 1e-8);
  }
}

/** δ ← δ − lr·m·sign(g) (FGSM's step, Goodfellow et al., arXiv 1412.6572). */
function sign({ delta, grad, mask, lr }: Update): void {
  for (let i = 0; i < delta.length; i++) delta[i]! -= lr * mask[i]! * Math.sign(grad[i]!);
}

/** δ ← δ − lr·m·g, g an estimate (Spall 1992; the schedule takes the place of its gain sequence). */
function plain({ delta, grad, mask, lr }: Update): void {
  for (let i = 0; i < delta.length; i++) delta[i]! -= lr * mask[i]! * grad[i]!;
}

/** β of SPSA-GC. */
const CORRECTION = 0.9;

/**
 * SPSA with gradient correction (BlackVIP, arXiv 2303.14773): v ← β v − lr·m·g with g
 * estimated at δ + β v, δ ← δ + v.
 */
function corrected({ delta, grad, mask, lr, state }: Update): void {
  const velocity = state.moments.velocity!;
  for (let i = 0; i < delta.length; i++) {
    velocity[i] = CORRECTION * velocity[i]! - lr * mask[i]! * grad[i]!;
    delta[i]! += velocity[i]!;
  }
}

/** The update rules by name. */
export const optimizers = {
  reference: {
    description: "normalised gradient, the reference of TVP and EVP",
    moments: [],
    gradient: "autodiff",
    update: reference,
  },
  sgd: {
    description: "SGD with momentum 0.9",
    moments: ["velocity"],
    gradient: "autodiff",
    update: sgd,
  },
  adam: {
    description: "Adam",
    moments: ["first", "second"],
    gradient: "autodiff",
    update: adam,
  },
  sign: {
    description: "sign of the gradient",
    moments: [],
    gradient: "autodiff",
    update: sign,
  },
  spsa: {
    description: "gradient estimated from losses",
    moments: [],
    gradient: "spsa",
    update: plain,
  },
  "spsa-gc": {
    description: "SPSA with gradient correction, the reference of BlackVIP",
    moments: ["velocity"],
    gradient: "spsa",
    update: corrected,
    lookAhead: (values, { moments }) =>
      values.map((x, i) => x + CORRECTION * moments.velocity![i]!),
  },
} satisfies Record<string, OptimizerRow>;

/** A rule by its name. */
export const optimizerRule = (name: OptimizerName): OptimizerRow => optimizers[name];

/** Name of an update rule. */
export type OptimizerName = keyof typeof optimizers;

/** A fresh state for a δ of `size` elements. */
export function startOptimizer(name: OptimizerName, size: number): OptimizerState {
  const names: readonly string[] = optimizers[name].moments;
  return {
    step: 0,
    moments: Object.fromEntries(names.map((moment) => [moment, new Float32Array(size)])),
  };
}

/**
 * Changes `delta` in place by one update.
 *
 * @throws {RangeError} If the gradient is not finite: a NaN would silently end the training.
 */
export function applyUpdate(name: OptimizerName, update: Update): void {
  const size = norm(update.grad);
  if (!Number.isFinite(size)) {
    throw new RangeError(
      `Cannot update the prompt in step ${update.state.step + 1}: the gradient's norm is ${size}`,
    );
  }
  optimizers[name].update(update);
  update.state.step++;
}
