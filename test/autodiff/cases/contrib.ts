import type { contribAliasDecompositions } from "../../../lib/autodiff/decompositions/contrib_aliases.ts";
import type { Tensor } from "../../../lib/tensor/tensor.ts";
import { float, floats, type GradientCase, indices, ints, x } from "../gradient_case.ts";

const int32s = (dims: readonly number[], ...values: number[]): Tensor => ({
  dtype: "int32",
  dims,
  data: Int32Array.from(values),
});
const ms = "com.microsoft";
const image = x([1, 2, 2, 4]);
const square = x([1, 2, 3, 4]);

/** Ops of com.microsoft that are short expressions of others. */
export const contribCases = {
  "com.microsoft.GridSample": {
    inputs: [x([1, 2, 4, 4]), x([1, 2, 3, 2], 0.05, 0.2)],
    attributes: { mode: "bilinear", padding_mode: "border" },
  },
  "com.microsoft.Trilu": { inputs: [x([3, 3])] },
  "com.microsoft.Pad": { inputs: [x([2, 3]), ints(1, 0, 0, 1)] },
  "com.microsoft.GatherND": { inputs: [x([2, 3]), indices([2, 1], 1, 0)] },
  "com.microsoft.Range": { inputs: [x([], 0, 0.1), floats([], 3), x([], 0.9, 1.1)] },
  "com.microsoft.ExpandDims": { inputs: [x([2, 3]), int32s([], 1)] },
  "com.microsoft.Unique": { inputs: [x([5], -9, 9)], outputs: 3 },
  "com.microsoft.TorchEmbedding": { inputs: [x([4, 2]), indices([3], 3, 0, 3)] },
  "com.microsoft.BiasAdd": { inputs: [x([1, 3, 4]), x([4]), x([1, 3, 4])] },
  "com.microsoft.BiasDropout": { inputs: [x([3, 4]), x([4]), x([3, 4])] },
  "com.microsoft.BiasSplitGelu": { inputs: [x([1, 2, 8]), x([8])] },
  "com.microsoft.GemmFastGelu": { inputs: [x([2, 3]), x([3, 4]), x([4])] },
  "com.microsoft.GatedAdd": { inputs: [x([2, 3, 4]), x([2, 3, 4]), x([2, 3, 1])] },
  "com.microsoft.GatedRMSNorm": {
    inputs: [x([2, 3, 8]), x([4]), x([2, 3, 8])],
    attributes: { epsilon: float(0.1) },
  },
  "com.microsoft.CDist": { inputs: [x([3, 4]), x([2, 4])], attributes: { metric: "euclidean" } },
  "com.microsoft.EmbedLayerNormalization": {
    inputs: [
      int32s([1, 3], 0, 2, 1),
      int32s([1, 3], 0, 1, 1),
      x([4, 4]),
      x([3, 4]),
      x([2, 4]),
      x([4]),
      x([4]),
    ],
    outputs: 2,
  },
  "com.microsoft.GemmaRotaryEmbedding": {
    inputs: [x([1, 3, 4]), square, square, square, square],
    outputs: 2,
    of: [0, 1],
  },
  "com.microsoft.GatedRelativePositionBias": {
    inputs: [x([1, 3, 8]), x([8]), x([1, 2, 3, 3]), x([4, 8]), x([8]), x([1, 2, 1, 1])],
    attributes: { num_heads: 2 },
  },
  "com.microsoft.UnfoldTensor": {
    inputs: [x([2, 7])],
    attributes: { dim: 1, size: 3, step: 2 },
  },
  "com.microsoft.ConvTransposeWithDynamicPads": {
    inputs: [x([1, 2, 3, 3]), x([2, 2, 3, 3]), ints(1, 0, 1, 1)],
    attributes: { strides: [2, 2], kernel_shape: [3, 3] },
  },
  "com.microsoft.GroupNorm": {
    inputs: [image, x([4]), x([4])],
    attributes: { groups: 2, activation: 1, epsilon: float(0.1) },
  },
  "com.microsoft.SkipGroupNorm": {
    inputs: [image, x([4]), x([4]), x([1, 4]), x([4])],
    attributes: { groups: 2, activation: 0, epsilon: float(0.1) },
    outputs: 2,
    of: [0, 1],
  },
} satisfies Record<keyof typeof contribAliasDecompositions, GradientCase>;

/** Three experts for four tokens, with weights from `inner` to 3 hidden values and back. */
const experts = (
  inner: number,
  attributes: NonNullable<GradientCase["attributes"]>,
): [string, GradientCase] => [`${ms}.MoE`, {
  inputs: [
    ...[x([2, 2, 4]), x([4, 3], -9, 9), x([3, inner, 4]), x([3, inner])],
    ...[x([3, 4, 3]), x([3, 4])],
  ],
  attributes,
}];

const bytes = (...dims: number[]): Tensor => ({
  dtype: "uint8",
  dims,
  data: Uint8Array.from({ length: dims.reduce((n, size) => n * size, 1) }, (_, i) => 41 * i % 256),
});
const factors = (...dims: number[]): Tensor =>
  floats(dims, ...Array.from(bytes(...dims).data as Uint8Array, (byte) => (1 + byte % 7) / 200));

/** Two experts of 16 values whose weights are packed, with scales by row, or by blocks of 16. */
const packed = (bits: 4 | 8, blocks: number[] = [], points = false): [string, GradientCase] => {
  const width = 32;
  const weights = () => [bytes(2, width, width * bits / 8), factors(2, width, ...blocks)];
  const origins = bytes(2, width, ...blocks.map((count) => count * bits / 8));
  return [`${ms}.QMoE`, {
    inputs: [
      ...[x([3, width], -1, 1), x([3, 2]), ...weights(), x([2, width]), ...weights()],
      ...(points ? [undefined, undefined, undefined, undefined, origins, origins] : []),
    ],
    attributes: {
      ...{ k: 1, activation_type: "silu", expert_weight_bits: bits },
      ...(blocks.length > 0 ? { block_size: 16 } : {}),
    },
  }];
};

/** More forms of some ops. */
export const moreContribCases: readonly [string, GradientCase][] = [
  packed(4),
  packed(8, [2]),
  packed(4, [2], true),
  experts(3, { k: 1, activation_type: "silu" }),
  experts(3, { k: 2, activation_type: "gelu", normalize_routing_weights: 1 }),
  experts(6, { k: 2, activation_type: "swiglu", swiglu_fusion: 1, activation_alpha: float(1.7) }),
  [`${ms}.CDist`, { inputs: [x([3, 4]), x([2, 4])] }],
  [`${ms}.GroupNorm`, {
    inputs: [x([1, 4, 2, 2]), x([4]), x([4])],
    attributes: { groups: 2, activation: 0, channels_last: 0, epsilon: float(0.1) },
  }],
];
