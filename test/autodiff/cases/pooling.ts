import type { poolingRules } from "../../../lib/autodiff/rules/pooling.ts";
import { type GradientCase, indices, x } from "../gradient_case.ts";

const square = { kernel_shape: [2, 2], strides: [2, 2] };
const image = x([2, 2, 5, 6]);

/** Wide apart, so that a difference of a step does not change who is largest. */
const spread = x([1, 1, 4, 4], -8, 8);

export const poolingCases = {
  AveragePool: { inputs: [image], attributes: square },
  MaxPool: { inputs: [spread], attributes: square },
  MaxUnpool: {
    inputs: [x([1, 1, 2, 2]), indices([1, 1, 2, 2], 1, 6, 8, 15)],
    attributes: square,
  },
  LpPool: { inputs: [x([1, 2, 5, 6], 0.2, 2)], attributes: square },
  GlobalAveragePool: { inputs: [image] },
  GlobalMaxPool: { inputs: [spread] },
  GlobalLpPool: { inputs: [image] },
} satisfies Record<keyof typeof poolingRules, GradientCase>;

const average = (attributes: NonNullable<GradientCase["attributes"]>): [string, GradientCase] => [
  "AveragePool",
  { inputs: [x([1, 2, 7, 6])], attributes: { ...square, ...attributes }, opset: 19 },
];

/** More forms of some ops. */
export const morePoolingCases: readonly [string, GradientCase][] = [
  average({ kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  average({ kernel_shape: [3, 3], pads: [1, 0, 1, 1], count_include_pad: 1 }),
  average({ kernel_shape: [3, 2], ceil_mode: 1 }),
  average({ kernel_shape: [3, 3], ceil_mode: 1, pads: [1, 1, 1, 1] }),
  average({ kernel_shape: [3, 3], strides: [1, 1], auto_pad: "SAME_UPPER" }),
  average({ kernel_shape: [3, 3], strides: [2, 2], auto_pad: "SAME_LOWER" }),
  average({ kernel_shape: [2, 2], strides: [1, 2], dilations: [2, 3] }),
  average({ kernel_shape: [2, 2], strides: [1, 2], dilations: [2, 1], pads: [1, 0, 0, 1] }),
  ["AveragePool", { inputs: [x([2, 3, 6])], attributes: { kernel_shape: [2], strides: [3] } }],
  ["MaxPool", {
    inputs: [spread],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  }],
  ["MaxPool", {
    inputs: [spread],
    attributes: { kernel_shape: [2, 2], dilations: [2, 1], storage_order: 1 },
  }],
  ["MaxPool", { inputs: [spread], attributes: { ...square, storage_order: 1 } }],
  ["MaxPool", {
    inputs: [x([2, 3, 6, 4], -8, 8)],
    attributes: { kernel_shape: [3, 2], strides: [3, 2] },
  }],
  ["MaxPool", { inputs: [x([2, 3, 6], -8, 8)], attributes: { kernel_shape: [3], strides: [3] } }],
  ["MaxPool", {
    inputs: [x([1, 2, 2, 4, 2], -8, 8)],
    attributes: { kernel_shape: [2, 2, 2], strides: [2, 2, 2] },
  }],
  ["LpPool", { inputs: [x([1, 2, 4, 4], 0.2, 2)], attributes: { ...square, p: 3 } }],
  ["LpPool", {
    inputs: [x([1, 2, 5, 4], 0.2, 2)],
    attributes: { kernel_shape: [3, 2], p: 1, pads: [1, 0, 1, 0] },
  }],
  ["GlobalLpPool", { inputs: [x([1, 2, 4, 4], 0.2, 2)], attributes: { p: 1 } }],
];
