import type { lossDecompositions } from "../../../lib/autodiff/decompositions/loss.ts";
import type { recurrentDecompositions } from "../../../lib/autodiff/decompositions/recurrent.ts";
import type { Tensor } from "../../../lib/tensor/tensor.ts";
import { float, floats, type GradientCase, indices, x } from "../gradient_case.ts";

const lengths: Tensor = { dtype: "int32", dims: [2], data: Int32Array.of(3, 2) };
/** A layer of 3 steps, batch 2, 2 features and 3 hidden units. */
const layer = (
  gates: number,
  attributes: NonNullable<GradientCase["attributes"]>,
  directions = 1,
): GradientCase => ({
  inputs: [
    x([3, 2, 2], -1, 1),
    x([directions, gates * 3, 2], -1, 1),
    x([directions, gates * 3, 3], -1, 1),
    x([directions, gates * 6], -1, 1),
  ],
  attributes: { hidden_size: 3, ...attributes },
  outputs: 2,
  of: [0, 1],
});

/** Layers are unrolled, so their lengths cannot be symbols. */
export const recurrentCases = {
  LSTM: layer(4, {}),
  GRU: layer(3, {}),
  RNN: layer(1, {}),
} satisfies Record<keyof typeof recurrentDecompositions, GradientCase>;

/** More forms of some ops. */
export const moreRecurrentCases: readonly [string, GradientCase][] = [
  ["LSTM", layer(4, { direction: "bidirectional" }, 2)],
  ["GRU", layer(3, { direction: "reverse", linear_before_reset: 1 })],
  ["LSTM", {
    inputs: [
      x([3, 2, 2], -1, 1),
      x([1, 12, 2], -1, 1),
      x([1, 12, 3], -1, 1),
      undefined,
      lengths,
      x([1, 2, 3]),
      x([1, 2, 3]),
      x([1, 9]),
    ],
    attributes: { hidden_size: 3, direction: "reverse" },
    outputs: 3,
    of: [0, 1, 2],
  }],
];

const strings = (...value: string[]) => ({ type: "strings", value }) as const;
const numbers = (...value: number[]) => ({ type: "floats", value }) as const;

/** Layers with other gates and activations. */
export const otherRecurrentCases: readonly [string, GradientCase][] = [
  ["LSTM", layer(4, { clip: float(0.5) })],
  ["GRU", layer(3, { clip: float(0.45) })],
  ["LSTM", layer(4, { input_forget: 1 })],
  ["LSTM", layer(4, { activations: strings("HardSigmoid", "Softsign", "Elu") })],
  [
    "GRU",
    layer(3, {
      activations: strings("LeakyRelu", "Affine", "Sigmoid", "ScaledTanh"),
      activation_alpha: numbers(0.2, 0.7, 1.1),
      activation_beta: numbers(0.1, 0.6),
      direction: "bidirectional",
    }, 2),
  ],
  ["RNN", layer(1, { direction: "bidirectional", activations: strings("Relu", "Tanh") }, 2)],
];

export const lossCases = {
  SoftmaxCrossEntropyLoss: { inputs: [x([3, 4]), indices([3], 0, 3, 1)] },
  NegativeLogLikelihoodLoss: { inputs: [x([3, 4]), indices([3], 0, 3, 1)] },
} satisfies Record<keyof typeof lossDecompositions, GradientCase>;

/** More forms of some ops. */
export const moreLossCases: readonly [string, GradientCase][] = [
  ["SoftmaxCrossEntropyLoss", {
    inputs: [x([2, 3, 2]), indices([2, 2], 0, 2, 1, 1), floats([3], 1, 0.5, 2)],
    attributes: { ignore_index: 2 },
    outputs: 2,
    of: [0, 1],
  }],
  ["NegativeLogLikelihoodLoss", {
    inputs: [x([2, 3]), indices([2], 0, -1)],
    attributes: { ignore_index: -1, reduction: "sum" },
  }],
  ["SoftmaxCrossEntropyLoss", {
    inputs: [x([2, 3]), indices([2], 0, 1)],
    attributes: { reduction: "none" },
  }],
];
