import type { elementwiseRules } from "../../../lib/autodiff/rules/elementwise.ts";
import { floats, type GradientCase, ints, x } from "../gradient_case.ts";

const plain: GradientCase = { inputs: [x([2, 3])] };
const between = (low: number, high: number): GradientCase => ({ inputs: [x([2, 3], low, high)] });
const pair: GradientCase = { inputs: [x([2, 3]), x([3])] };

/** Ops whose gradient is zero are checked with inputs between their jumps. */
const flat = between(0.6, 0.9);

export const elementwiseCases = {
  Add: pair,
  Sub: pair,
  Mul: pair,
  Div: { inputs: [x([2, 3]), x([2, 1], 1, 2)] },
  Pow: { inputs: [x([2, 3], 0.5, 2), x([3], -1, 3)] },
  Mod: { inputs: [x([2, 3], 2.3, 2.6), x([1], 0.9, 0.95)], attributes: { fmod: 1 } },
  Sum: { inputs: [x([2, 3]), x([3]), x([2, 1])] },
  Mean: { inputs: [x([2, 3]), x([3]), x([2, 1])] },
  Max: { inputs: [x([2, 3], 0, 1), x([3], 2, 3), x([2, 1], 1, 2)] },
  Min: { inputs: [x([2, 3], 0, 1), x([3], 2, 3), x([2, 1], 1, 2)] },
  Clip: { inputs: [x([4, 3], -0.4, 0.4), floats([], -0.5), x([], 0.5, 0.6)] },
  Where: {
    inputs: [
      { dtype: "bool", dims: [3], data: Uint8Array.of(1, 0, 1) },
      x([2, 3]),
      x([2, 1]),
    ],
  },
  Identity: plain,
  Cast: { inputs: [x([2, 3])], attributes: { to: 1 } },
  CastLike: { inputs: [x([2, 3]), floats([1], 0)] },
  Neg: plain,
  Abs: between(0.5, 2),
  Reciprocal: between(0.5, 2),
  Sqrt: between(0.5, 2),
  Exp: plain,
  Log: between(0.5, 2),
  Erf: plain,
  Sin: plain,
  Cos: plain,
  Tan: between(-1, 1),
  Asin: between(-0.8, 0.8),
  Acos: between(-0.8, 0.8),
  Atan: plain,
  Sinh: plain,
  Cosh: plain,
  Tanh: plain,
  Asinh: plain,
  Acosh: between(1.5, 3),
  Atanh: between(-0.8, 0.8),
  Ceil: flat,
  Floor: flat,
  Round: flat,
  Sign: flat,
  Hardmax: { inputs: [x([4])] },
  EyeLike: { inputs: [x([3, 3])] },
  Bernoulli: { inputs: [floats([2, 2], 0, 1, 1, 0)] },
  RandomNormalLike: { inputs: [floats([2, 2], 0, 1, 1, 0)] },
  RandomUniformLike: { inputs: [floats([2, 2], 0, 1, 1, 0)] },
} satisfies Record<keyof typeof elementwiseRules, GradientCase>;

/** More forms of some ops. */
export const moreElementwiseCases: readonly [string, GradientCase][] = [
  ["Pow", { inputs: [x([2, 3]), floats([], 2)] }],
  ["Pow", { inputs: [x([2, 3]), floats([1], 3)] }],
  ["Pow", { inputs: [x([2, 3], 0.5, 2), floats([], 0.5)] }],
  ["Pow", { inputs: [x([2, 3], 0.5, 2), floats([], -0.5)] }],
  ["Pow", { inputs: [x([2, 3], 0.5, 2), floats([], -1)] }],
  ["Pow", { inputs: [x([2, 3]), ints(2)] }],
  ["Clip", { inputs: [x([2, 3], 1, 2), undefined, floats([], 0.5)] }],
  ["Add", { inputs: [x([2, 1, 3]), x([4, 1])] }],
  ["Mul", { inputs: [x([1]), x([2, 2])] }],
];
