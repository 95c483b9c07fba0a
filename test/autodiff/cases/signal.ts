import type { regionDecompositions } from "../../../lib/autodiff/decompositions/regions.ts";
import type { fourierDecompositions } from "../../../lib/autodiff/decompositions/short_time_fourier.ts";
import type { fourierRules } from "../../../lib/autodiff/rules/fourier.ts";
import type { matrixRules } from "../../../lib/autodiff/rules/matrix.ts";
import { float, floats, type GradientCase, indices, x } from "../gradient_case.ts";

const deform = { kernel_shape: [2, 2] };

/** Transforms, square matrices, and images that are read at places that are inputs. */
export const signalCases = {
  DFT: { inputs: [x([1, 5, 1])], attributes: { axis: 1 } },
  STFT: { inputs: [x([2, 17, 1]), indices([], 3), x([8], 0.5, 1)], attributes: { onesided: 1 } },
  Det: { inputs: [x([2, 3, 3])] },
  "com.microsoft.Inverse": { inputs: [x([2, 3, 3], 1, 3)] },
  RoiAlign: {
    inputs: [
      x([2, 2, 5, 5]),
      floats([2, 4], 0.3, 0.4, 3.2, 9.1, 1.1, 0.2, 8.6, 6.3),
      indices([2], 1, 0),
    ],
    attributes: {
      output_height: 2,
      output_width: 3,
      sampling_ratio: 3,
      spatial_scale: float(0.5),
    },
  },
  DeformConv: {
    inputs: [x([1, 2, 4, 4]), x([2, 2, 2, 2]), x([1, 8, 3, 3], 0.1, 0.4), x([2]), x([1, 4, 3, 3])],
    attributes: deform,
    opset: 19,
  },
} satisfies Record<
  | keyof typeof fourierRules
  | keyof typeof fourierDecompositions
  | keyof typeof matrixRules
  | keyof typeof regionDecompositions,
  GradientCase
>;

/** More forms of some ops. */
export const moreSignalCases: readonly [string, GradientCase][] = [
  ["DFT", { inputs: [x([1, 6, 1]), indices([], 8)], attributes: { axis: 1, onesided: 1 } }],
  ["DFT", { inputs: [x([1, 6, 3, 2]), indices([], 4)], attributes: { axis: 1 } }],
  ["DFT", { inputs: [x([1, 6, 2])], attributes: { axis: 1, inverse: 1 } }],
  ["DFT", {
    inputs: [x([2, 6, 3, 1]), undefined, indices([], -2)],
    attributes: { onesided: 1 },
    opset: 20,
  }],
  ["STFT", {
    inputs: [x([2, 17, 1]), indices([], 3), undefined, indices([], 6)],
    attributes: { onesided: 0 },
  }],
  ["RoiAlign", {
    inputs: [x([2, 2, 5, 5]), x([1, 4], 1.1, 1.3), indices([1], 1)],
    attributes: {
      output_height: 2,
      output_width: 3,
      sampling_ratio: 1,
      coordinate_transformation_mode: "output_half_pixel",
    },
  }],
  ["DeformConv", {
    inputs: [
      x([1, 4, 5, 5]),
      x([4, 2, 2, 3]),
      x([1, 24, 3, 3], 0.1, 0.4),
      undefined,
      x([1, 12, 3, 3]),
    ],
    attributes: {
      group: 2,
      offset_group: 2,
      strides: [2, 2],
      pads: [1, 1, 0, 1],
      kernel_shape: [2, 3],
    },
    opset: 19,
  }],
  ["DeformConv", {
    inputs: [x([2, 2, 5, 6]), x([3, 2, 2, 2]), x([2, 8, 3, 3], -0.4, -0.1)],
    attributes: { ...deform, strides: [1, 2], pads: [0, 1, 0, 1], dilations: [2, 2] },
    opset: 22,
  }],
];
