import type { attentionDecompositions } from "../../../lib/autodiff/decompositions/attention.ts";
import type { contribAttentionDecompositions } from "../../../lib/autodiff/decompositions/contrib_attention.ts";
import type { fusedActivationDecompositions } from "../../../lib/autodiff/decompositions/fused_activation.ts";
import type { groupQueryDecompositions } from "../../../lib/autodiff/decompositions/grouped_query_attention.ts";
import type { rotaryDecompositions } from "../../../lib/autodiff/decompositions/rotary.ts";
import type { skipNormalizationDecompositions } from "../../../lib/autodiff/decompositions/skip_normalization.ts";
import type { fusedActivationRules } from "../../../lib/autodiff/rules/fused_activation.ts";
import type { quantizedRules } from "../../../lib/autodiff/rules/quantized.ts";
import type { Tensor } from "../../../lib/tensor/tensor.ts";
import { float, floats, type GradientCase, indices, x } from "../gradient_case.ts";

const plain: GradientCase = { inputs: [x([2, 3])] };
const biased: GradientCase = { inputs: [x([2, 3]), x([3])] };
const int32s = (dims: readonly number[], ...values: number[]): Tensor => ({
  dtype: "int32",
  dims,
  data: Int32Array.from(values),
});
const bytes = (dims: readonly number[], length: number): Tensor => ({
  dtype: "uint8",
  dims,
  data: Uint8Array.from({ length }, (_, i) => (37 * i + 11) % 256),
});
/** Angles of 4 positions and `width` pairs. */
const angles = (f: (angle: number) => number, width: number): Tensor =>
  floats([4, width], ...Array.from({ length: 4 * width }, (_, i) => f(0.7 * i)));
const heads = { num_heads: 2 };

/** Four pairs of features, of which two follow the time, one the height and one the width. */
const multimodalRotary = (layout: number): GradientCase => ({
  inputs: [
    x([1, 2, 16]),
    indices([3, 1, 2], 0, 1, 2, 3, 1, 2),
    ...[angles(Math.cos, 4), angles(Math.sin, 4)],
  ],
  attributes: {
    ...{ num_heads: 2, rotary_embedding_dim: 8 },
    ...{ mrope_section: [2, 1, 1], mrope_layout: layout },
  },
});

export const fusedCases = {
  "com.microsoft.Gelu": plain,
  "com.microsoft.BiasGelu": biased,
  "com.microsoft.FastGelu": biased,
  "com.microsoft.QuickGelu": plain,
  "com.microsoft.FusedConv": {
    inputs: [x([1, 2, 4, 4]), x([2, 2, 3, 3]), x([2])],
    attributes: { activation: "Sigmoid", kernel_shape: [3, 3] },
  },
  "com.microsoft.FusedGemm": {
    inputs: [x([2, 3]), x([4, 3]), x([4])],
    attributes: {
      transB: 1,
      activation: "LeakyRelu",
      activation_alpha: float(0.3),
      alpha: float(0.5),
    },
  },
  "com.microsoft.FusedMatMulActivation": {
    inputs: [x([2, 3, 4]), x([2, 5, 4])],
    attributes: { transB: 1, activation: "LeakyRelu", activation_alpha: float(0.3) },
  },
  "com.microsoft.SkipLayerNormalization": {
    inputs: [x([2, 2, 4]), x([2, 2, 4]), x([4]), x([4]), x([4])],
    outputs: 4,
    of: [0, 3],
  },
  "com.microsoft.SkipSimplifiedLayerNormalization": {
    inputs: [x([2, 2, 4]), x([2, 2, 4]), x([4]), x([4])],
    outputs: 4,
    of: [0, 3],
  },
  "com.microsoft.Attention": {
    inputs: [x([2, 3, 4], -1, 1), x([4, 12], -1, 1), x([12], -1, 1)],
    attributes: heads,
  },
  "com.microsoft.MultiHeadAttention": {
    inputs: [x([2, 3, 4]), x([2, 5, 4]), x([2, 5, 4]), x([12])],
    attributes: heads,
  },
  "com.microsoft.GroupQueryAttention": {
    inputs: [
      x([1, 3, 32]),
      x([1, 3, 16]),
      x([1, 3, 16]),
      undefined,
      undefined,
      int32s([1], 2),
      int32s([], 3),
    ],
    attributes: { num_heads: 4, kv_num_heads: 2 },
    outputs: 3,
    of: [0, 1, 2],
  },
  "com.microsoft.RotaryEmbedding": {
    inputs: [x([1, 2, 3, 4]), indices([1, 3], 0, 2, 3), angles(Math.cos, 2), angles(Math.sin, 2)],
  },
  "com.microsoft.MRotaryEmbedding": multimodalRotary(0),
  RotaryEmbedding: {
    inputs: [x([1, 2, 3, 4]), angles(Math.cos, 2), angles(Math.sin, 2), indices([1, 3], 0, 2, 3)],
    opset: 23,
  },
  Attention: { inputs: [x([1, 2, 3, 4]), x([1, 2, 5, 4]), x([1, 2, 5, 3])], opset: 23 },
  "com.microsoft.MatMulNBits": {
    inputs: [x([2, 32]), bytes([3, 2, 8], 48), floats([6], 0.1, 0.2, 0.1, 0.3, 0.1, 0.2)],
    attributes: { K: 32, N: 3, bits: 4, block_size: 16 },
  },
  "com.microsoft.MatMulBnb4": {
    inputs: [x([2, 32]), bytes([48], 48), floats([3], 0.1, 0.2, 0.3)],
    attributes: { K: 32, N: 3, block_size: 32, quant_type: 1 },
  },
  DequantizeLinear: {
    inputs: [bytes([2, 3], 6), x([3], 0.01, 0.02), bytes([3], 3)],
    attributes: { axis: 1 },
  },
  "com.microsoft.DequantizeLinear": {
    inputs: [bytes([2, 3], 6), x([], 0.01, 0.02), bytes([], 1)],
  },
} satisfies Record<
  | keyof typeof fusedActivationRules
  | keyof typeof fusedActivationDecompositions
  | keyof typeof skipNormalizationDecompositions
  | keyof typeof contribAttentionDecompositions
  | keyof typeof groupQueryDecompositions
  | keyof typeof rotaryDecompositions
  | keyof typeof attentionDecompositions
  | keyof typeof quantizedRules,
  GradientCase
>;

const grouped = fusedCases["com.microsoft.GroupQueryAttention"];
const query = (attributes: NonNullable<GradientCase["attributes"]>): [string, GradientCase] => [
  "com.microsoft.GroupQueryAttention",
  { ...grouped, attributes: { ...grouped.attributes, ...attributes } },
];

/** More forms of some ops. */
export const moreFusedCases: readonly [string, GradientCase][] = [
  ["com.microsoft.FusedConv", {
    inputs: [x([1, 2, 4, 4]), x([2, 2, 3, 3]), x([2]), x([1, 2, 2, 2])],
    attributes: { activation: "Tanh", kernel_shape: [3, 3] },
  }],
  query({ local_window_size: 2 }),
  query({ softcap: float(1.5) }),
  query({ scale: float(0.4), smooth_softmax: 1 }),
  ["com.microsoft.GroupQueryAttention", {
    inputs: [
      x([1, 3, 128]),
      undefined,
      undefined,
      undefined,
      undefined,
      int32s([1], 2),
      int32s([], 3),
      angles(Math.cos, 8),
      angles(Math.sin, 8),
    ],
    attributes: { num_heads: 4, kv_num_heads: 2, do_rotary: 1 },
  }],
  ["com.microsoft.Attention", {
    inputs: [
      x([2, 3, 4], -1, 1),
      x([4, 12], -1, 1),
      x([12], -1, 1),
      int32s([2], 3, 2),
    ],
    attributes: { ...heads, unidirectional: 1 },
  }],
  ["Attention", {
    inputs: [x([1, 3, 8]), x([1, 3, 4]), x([1, 3, 4])],
    attributes: { q_num_heads: 4, kv_num_heads: 2, is_causal: 1, softcap: float(2) },
    opset: 23,
  }],
  ["Attention", {
    inputs: [
      x([1, 2, 3, 4]),
      x([1, 2, 3, 4]),
      x([1, 2, 3, 4]),
      x([3, 5]),
      x([1, 2, 2, 4]),
      x([1, 2, 2, 4]),
    ],
    outputs: 3,
    of: [0, 1, 2],
    opset: 23,
  }],
  ["com.microsoft.RotaryEmbedding", {
    inputs: [x([1, 3, 8]), indices([1], 1), angles(Math.cos, 1), angles(Math.sin, 1)],
    attributes: { interleaved: 1, num_heads: 2, rotary_embedding_dim: 2 },
  }],
  ["com.microsoft.MRotaryEmbedding", multimodalRotary(1)],
  ...["Elu", "Selu", "ThresholdedRelu"].map((activation): [string, GradientCase] => [
    "com.microsoft.FusedGemm",
    {
      inputs: [x([2, 3]), x([3, 4]), x([4])],
      attributes: {
        ...{ activation, activation_alpha: float(0.4) },
        ...(activation === "Selu" ? { activation_gamma: float(1.3) } : {}),
      },
    },
  ]),
  ["com.microsoft.MatMulBnb4", {
    inputs: [x([2, 32]), bytes([48], 48), floats([3], 0.1, 0.2, 0.3)],
    attributes: { K: 32, N: 3, block_size: 32, quant_type: 0 },
  }],
  ["com.microsoft.MatMulNBits", {
    inputs: [
      x([2, 32]),
      bytes([3, 2, 8], 48),
      floats([6], 0.1, 0.2, 0.1, 0.3, 0.1, 0.2),
      undefined,
      int32s([32], ...Array.from({ length: 32 }, (_, i) => (i * 7) % 2)),
    ],
    attributes: { K: 32, N: 3, bits: 4, block_size: 16 },
  }],
  ["com.microsoft.MatMulNBits", {
    inputs: [
      x([2, 32]),
      bytes([3, 2, 4], 24),
      floats([6], 0.1, 0.2, 0.1, 0.3, 0.1, 0.2),
      floats([6], 1, 2, 3, 1, 2, 0),
    ],
    attributes: { K: 32, N: 3, bits: 2, block_size: 16 },
  }],
  ["com.microsoft.MatMulNBits", {
    inputs: [
      x([2, 20]),
      bytes([3, 2, 16], 96),
      floats([6], 0.01, 0.02, 0.01, 0.03, 0.01, 0.02),
      bytes([6], 6),
    ],
    attributes: { K: 20, N: 3, bits: 8, block_size: 16 },
  }],
];
