import type { gridSampleDecompositions } from "../../../lib/autodiff/decompositions/grid_sample.ts";
import type { col2imRules } from "../../../lib/autodiff/rules/col2im.ts";
import type { resizeRules } from "../../../lib/autodiff/rules/resize.ts";
import { float, floats, type GradientCase, ints, x } from "../gradient_case.ts";

type Attributes = NonNullable<GradientCase["attributes"]>;

/** Keeps sampled points off the centres of pixels, where linear weights have a kink. */
const grid = x([1, 2, 3, 2], 0.05, 0.2);

export const imageCases = {
  Resize: {
    inputs: [x([1, 2, 3, 4]), undefined, floats([4], 1, 1, 2, 2)],
    attributes: { mode: "linear" },
  },
  Col2Im: {
    inputs: [x([2, 8, 9]), ints(4, 4), ints(2, 2)],
    attributes: {},
  },
  GridSample: { inputs: [x([1, 2, 4, 4]), grid], attributes: { mode: "linear" }, opset: 20 },
  AffineGrid: { inputs: [x([2, 2, 3]), ints(2, 1, 3, 4)], opset: 20 },
} satisfies Record<
  keyof typeof resizeRules | keyof typeof col2imRules | keyof typeof gridSampleDecompositions,
  GradientCase
>;

const resize = (attributes: Attributes, ...scales: number[]): [string, GradientCase] => [
  "Resize",
  {
    inputs: [x([1, 2, 4, 5]), undefined, floats([scales.length], ...scales)],
    attributes,
    opset: 19,
  },
];
const sized = (attributes: Attributes, ...sizes: number[]): [string, GradientCase] => [
  "Resize",
  { inputs: [x([1, 2, 4, 5]), undefined, undefined, ints(...sizes)], attributes, opset: 19 },
];
/** Sizes that cannot be had in one ratio. */
const inRatio = (policy: string, mode: string, ...sizes: number[]): [string, GradientCase] => [
  "Resize",
  {
    inputs: [x([1, 2, 4, 5]), undefined, undefined, ints(...sizes)],
    attributes: { mode, keep_aspect_ratio_policy: policy, axes: [3, 2] },
    opset: 19,
  },
];
const sample = (attributes: Attributes): [string, GradientCase] => [
  "GridSample",
  { inputs: [x([1, 2, 4, 4]), grid], attributes, opset: 20 },
];

/** More forms of some ops. */
export const moreImageCases: readonly [string, GradientCase][] = [
  resize({ mode: "nearest" }, 1, 1, 2, 3),
  resize(
    {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    },
    1,
    1,
    2,
    2,
  ),
  resize(
    {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "ceil",
    },
    1,
    1,
    1.5,
    0.7,
  ),
  resize({ mode: "cubic" }, 1, 1, 1.7, 0.6),
  resize({ mode: "cubic", exclude_outside: 1, cubic_coeff_a: float(-0.5) }, 1, 1, 2, 1),
  resize({ mode: "linear", antialias: 1 }, 1, 1, 0.5, 0.6),
  resize({ mode: "linear", axes: [2, 3] }, 0.5, 1.5),
  sized({ mode: "linear", coordinate_transformation_mode: "align_corners" }, 1, 2, 7, 3),
  sized({ mode: "cubic", coordinate_transformation_mode: "pytorch_half_pixel" }, 1, 2, 1, 9),
  sized({ mode: "nearest", axes: [3, 2] }, 3, 6),
  inRatio("not_larger", "linear", 8, 7),
  inRatio("not_smaller", "cubic", 6, 7),
  inRatio("not_larger", "nearest", 4, 3),
  inRatio("not_smaller", "linear", 5, 2),
  ["Resize", {
    inputs: [
      x([1, 1, 4, 5]),
      floats([8], 0, 0, 0.2, 0.1, 1, 1, 0.7, 0.9),
      undefined,
      ints(1, 1, 3, 3),
    ],
    attributes: { mode: "linear", coordinate_transformation_mode: "tf_crop_and_resize" },
  }],
  // Up to opset 12 empty tensors stand for what is not given.
  ["Resize", {
    inputs: [x([1, 2, 4, 5]), floats([0]), floats([4], 1, 1, 2, 1.6)],
    attributes: { mode: "linear", coordinate_transformation_mode: "align_corners" },
    opset: 11,
  }],
  ["Resize", {
    inputs: [x([1, 2, 4, 5]), floats([0]), floats([0]), ints(1, 2, 6, 3)],
    attributes: { mode: "cubic", coordinate_transformation_mode: "pytorch_half_pixel" },
    opset: 11,
  }],
  ["Resize", {
    inputs: [x([1, 1, 2, 3, 3]), undefined, floats([5], 1, 1, 2, 1, 2)],
    attributes: { mode: "linear" },
  }],
  sample({ mode: "linear", align_corners: 1 }),
  sample({ mode: "cubic" }),
  sample({ mode: "cubic", padding_mode: "reflection", align_corners: 1 }),
  ["GridSample", {
    inputs: [x([1, 2, 4, 4]), x([1, 2, 2, 2], 1.05, 1.15)],
    attributes: { mode: "linear", padding_mode: "reflection" },
    opset: 20,
  }],
  ["GridSample", {
    inputs: [x([1, 1, 3, 3, 3]), x([1, 2, 1, 1, 3], 0.1, 0.3)],
    attributes: { mode: "linear", padding_mode: "border" },
    opset: 20,
  }],
  ["AffineGrid", {
    inputs: [x([1, 3, 4]), ints(1, 1, 2, 3, 2)],
    attributes: { align_corners: 1 },
    opset: 20,
  }],
  ["Col2Im", {
    inputs: [x([1, 8, 9]), ints(5, 5), ints(2, 2)],
    attributes: { strides: [2, 2], pads: [1, 1, 0, 0] },
  }],
];
