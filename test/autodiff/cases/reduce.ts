import type { reduceRules } from "../../../lib/autodiff/rules/reduce.ts";
import type { softmaxRules } from "../../../lib/autodiff/rules/softmax.ts";
import { floats, type GradientCase, ints, x } from "../gradient_case.ts";

const overRows: GradientCase = { inputs: [x([2, 3, 4]), ints(1)], attributes: { keepdims: 0 } };
const positive: GradientCase = { inputs: [x([2, 3, 4], 0.5, 2), ints(-1, 0)] };

export const reduceCases = {
  ReduceSum: overRows,
  ReduceMean: overRows,
  ReduceMax: { inputs: [x([3, 1], 0, 1), ints(1)] },
  ReduceMin: { inputs: [x([3, 1], 0, 1), ints(1)] },
  ReduceProd: positive,
  ReduceL1: positive,
  ReduceL2: overRows,
  ReduceLogSum: positive,
  ReduceLogSumExp: overRows,
  ReduceSumSquare: overRows,
  Softmax: { inputs: [x([2, 3, 4])], attributes: { axis: 1 } },
  LogSoftmax: { inputs: [x([2, 3, 4])] },
} satisfies Record<keyof typeof reduceRules | keyof typeof softmaxRules, GradientCase>;

/** More forms of some ops. */
export const moreReduceCases: readonly [string, GradientCase][] = [
  ["ReduceSum", { inputs: [x([2, 3])], attributes: { keepdims: 0 } }],
  ["ReduceSum", { inputs: [x([2, 3])], attributes: { noop_with_empty_axes: 1 } }],
  ["ReduceMean", { inputs: [x([2, 3])] }],
  ["ReduceMean", { inputs: [x([2, 3, 4]), ints(-2, -1)] }],
  ["ReduceMax", { inputs: [x([1, 3]), ints(0)], attributes: { keepdims: 0 } }],
  ["ReduceProd", { inputs: [floats([3], 1, 2, 3)] }],
];
