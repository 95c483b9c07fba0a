/**
 * Update rules for what is trained: values of a prompt, or weights. Their state is plain arrays, so
 * that a checkpoint holds it.
 *
 * m is 0 where a value stays as it is, 1 where it is trained (see `parameterRates`); g is the
 * gradient of the batch's mean loss, or its estimate.
 *
 * @module
 */
import type { ParameterPlace } from "../tensor/flat_parameters.ts";

/** What a rule works on: values, its own arrays of their size, and the number of updates so far. */
export interface RuleState {
  step: number;
  readonly values: Float32Array;
  readonly moments: Readonly<Record<string, Float32Array>>;
}

/** One update of the values where their rate is not 0. */
export interface Update {
  readonly state: RuleState;
  readonly grad: Float32Array;
  /** ‖g‖₂ over all parameters. */
  readonly norm: number;
  /** Rates m. */
  readonly rates: Float32Array;
  readonly lr: number;
  /** The parameters. */
  readonly places: readonly ParameterPlace[];
}

/** A rule. */
export interface UpdateRule {
  readonly description: string;
  /** Names of the arrays it keeps. */
  readonly moments: readonly string[];
  /** `autodiff`: needs a model that can be differentiated. `spsa`: needs its loss alone. */
  readonly gradient: "autodiff" | "spsa";
  /** Changes the values in place. */
  update(update: Update): void;
  /** Where the gradient is taken; default: at the values themselves. */
  lookAhead?(state: RuleState): Float32Array;
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
function normalizedGradient({ state: { values }, grad, rates, lr, places }: Update): void {
  for (const { start, end } of places) {
    const scale = lr / (norm(grad.subarray(start, end)) + 1e-10);
    for (let i = start; i < end; i++) values[i]! -= scale * rates[i]! * grad[i]!;
  }
}

/** SGD with momentum 0.9: v ← 0.9 v + g, δ ← δ − lr·m·v (VP, arXiv 2203.17274). */
function sgd({ state, grad, rates, lr }: Update): void {
  const { values, moments } = state;
  const velocity = moments.velocity!;
  for (let i = 0; i < values.length; i++) {
    velocity[i] = 0.9 * velocity[i]! + grad[i]!;
    values[i]! -= lr * rates[i]! * velocity[i]!;
  }
}

/** Adam with β 0.9 and 0.999, ε 1e-8 (arXiv 1412.6980, algorithm 1). */
function adam({ state, grad, rates, lr }: Update): void {
  const { values, moments } = state;
  const { first, second } = moments as Record<"first" | "second", Float32Array>;
  const t = state.step + 1;
  const [c1, c2] = [1 - 0.9 ** t, 1 - 0.999 ** t];
  for (let i = 0; i < values.length; i++) {
    const g = grad[i]!;
    first[i] = 0.9 * first[i]! + 0.1 * g;
    second[i] = 0.999 * second[i]! + 0.001 * g * g;
    values[i]! -= lr * rates[i]! * (first[i]! / c1) / (Math.sqrt(second[i]! / c2) + 1e-8);
  }
}

/** δ ← δ − lr·m·sign(g) (FGSM's step, Goodfellow et al., arXiv 1412.6572). */
function sign({ state: { values }, grad, rates, lr }: Update): void {
  for (let i = 0; i < values.length; i++) values[i]! -= lr * rates[i]! * Math.sign(grad[i]!);
}

/**
 * MI-FGSM (Dong et al., arXiv 1710.06081): v ← v + g/‖g‖₁, δ ← δ − lr·m·sign(v).
 */
function momentum({ state: { values, moments }, grad, rates, lr }: Update): void {
  const velocity = moments.velocity!;
  const size = grad.reduce((sum, g) => sum + Math.abs(g), 0) + 1e-12;
  for (let i = 0; i < values.length; i++) {
    velocity[i]! += grad[i]! / size;
    values[i]! -= lr * rates[i]! * Math.sign(velocity[i]!);
  }
}

/** δ ← δ − lr·m·g, g an estimate (Spall 1992; the schedule takes the place of its gain sequence). */
function plain({ state: { values }, grad, rates, lr }: Update): void {
  for (let i = 0; i < values.length; i++) values[i]! -= lr * rates[i]! * grad[i]!;
}

/** β of SPSA-GC. */
const CORRECTION = 0.9;

/**
 * SPSA with gradient correction (BlackVIP, arXiv 2303.14773): v ← β v − lr·m·g with g
 * estimated at δ + β v, δ ← δ + v.
 */
function corrected({ state, grad, rates, lr }: Update): void {
  const { values, moments } = state;
  const velocity = moments.velocity!;
  for (let i = 0; i < values.length; i++) {
    velocity[i] = CORRECTION * velocity[i]! - lr * rates[i]! * grad[i]!;
    values[i]! += velocity[i]!;
  }
}

/** The update rules of prompts by name. */
export const optimizers = {
  "normalized-gradient": {
    description: "the gradient over its norm, the rule of TVP and EVP",
    moments: [],
    gradient: "autodiff",
    update: normalizedGradient,
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
  momentum: {
    description: "sign of the sum of gradients, each of length 1 (MI)",
    moments: ["velocity"],
    gradient: "autodiff",
    update: momentum,
  },
  spsa: {
    description: "gradient estimated from losses",
    moments: [],
    gradient: "spsa",
    update: plain,
  },
  "spsa-gc": {
    description: "SPSA with gradient correction, the rule of BlackVIP",
    moments: ["velocity"],
    gradient: "spsa",
    update: corrected,
    lookAhead: ({ values, moments }) =>
      values.map((x, i) => x + CORRECTION * moments.velocity![i]!),
  },
} satisfies Record<string, UpdateRule>;

/** A rule by its name. */
export const optimizerRule = (name: OptimizerName): UpdateRule => optimizers[name];

/** Name of an update rule. */
export type OptimizerName = keyof typeof optimizers;

/**
 * Changes the values of a state in place by one update.
 *
 * @returns The norm of the whole gradient.
 * @throws {RangeError} If the gradient is not finite: a NaN would silently end the training.
 */
export function applyUpdate(rule: UpdateRule, update: Omit<Update, "norm">): number {
  const size = norm(update.grad);
  if (!Number.isFinite(size)) {
    throw new RangeError(
      `Cannot make update ${update.state.step + 1}: the gradient's norm is ${size}`,
    );
  }
  rule.update({ ...update, norm: size });
  update.state.step++;
  return size;
}
