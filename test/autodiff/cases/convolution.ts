import type { convolutionRules } from "../../../lib/autodiff/rules/convolution.ts";
import { type GradientCase, x } from "../gradient_case.ts";

type Attributes = NonNullable<GradientCase["attributes"]>;

export const convolutionCases = {
  Conv: {
    inputs: [x([2, 2, 4, 5]), x([3, 2, 3, 2]), x([3])],
    attributes: { kernel_shape: [3, 2] },
  },
  ConvTranspose: {
    inputs: [x([2, 2, 3, 3]), x([2, 3, 2, 3]), x([3])],
    attributes: { kernel_shape: [2, 3] },
  },
} satisfies Record<keyof typeof convolutionRules, GradientCase>;

const conv = (
  image: readonly number[],
  kernel: readonly number[],
  attributes: Attributes,
): [string, GradientCase] => ["Conv", {
  inputs: [x(image, -1, 1), x(kernel, -1, 1)],
  // A model of symbolic shapes does not know its kernel otherwise.
  attributes: { kernel_shape: kernel.slice(2), ...attributes },
}];
const back = (
  image: readonly number[],
  kernel: readonly number[],
  attributes: Attributes,
): [string, GradientCase] => {
  const [, { inputs, ...rest }] = conv(image, kernel, attributes);
  return ["ConvTranspose", { inputs, ...rest }];
};

/** More forms of some ops. */
export const moreConvolutionCases: readonly [string, GradientCase][] = [
  conv([2, 3, 4, 4], [5, 3, 1, 1], {}),
  conv([1, 2, 5, 5], [2, 2, 1, 1], { strides: [2, 2] }),
  conv([1, 2, 5, 6], [2, 2, 1, 1], { pads: [1, 0, 0, 1] }),
  conv([2, 2, 7, 6], [2, 2, 3, 3], { strides: [2, 3], pads: [1, 0, 2, 1] }),
  conv([1, 2, 7, 8], [2, 2, 3, 2], { dilations: [2, 3], pads: [2, 1, 1, 2] }),
  conv([1, 2, 9, 8], [2, 2, 2, 2], { dilations: [2, 1], strides: [3, 2] }),
  conv([2, 4, 5, 5], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  conv([2, 3, 5, 6], [3, 1, 3, 3], { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv([1, 2, 6, 6], [4, 1, 2, 2], { group: 2, dilations: [2, 2] }),
  conv([1, 2, 5, 6], [2, 2, 3, 2], { auto_pad: "SAME_UPPER", strides: [2, 2] }),
  conv([1, 2, 5, 6], [2, 2, 2, 3], { auto_pad: "SAME_LOWER" }),
  conv([1, 2, 6, 5], [2, 2, 4, 3], { auto_pad: "SAME_LOWER", strides: [3, 2] }),
  conv([1, 2, 5, 5], [2, 2, 2, 2], { auto_pad: "VALID", strides: [2, 2] }),
  conv([2, 2, 7], [3, 2, 3], { strides: [2], pads: [1, 1] }),
  conv([1, 1, 3, 4, 3], [2, 1, 2, 2, 2], { strides: [1, 2, 1], pads: [1, 0, 0, 0, 1, 1] }),
  back([1, 2, 3, 4], [2, 2, 3, 3], { strides: [2, 2], pads: [1, 1, 0, 1] }),
  back([1, 2, 3, 3], [2, 2, 3, 3], { strides: [2, 3], output_padding: [1, 2] }),
  back([1, 2, 3, 3], [2, 2, 2, 2], { dilations: [2, 2], strides: [3, 2] }),
  back([1, 4, 3, 3], [4, 2, 2, 2], { group: 2, strides: [2, 2] }),
  back([1, 2, 3, 3], [2, 2, 3, 3], { auto_pad: "SAME_UPPER", strides: [2, 2] }),
  back([2, 2, 4], [2, 3, 3], { strides: [2], output_padding: [1] }),
];
