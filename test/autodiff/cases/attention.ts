/** Forms of the attention ops, beside the ones in fused.ts. @module */
import type { Tensor } from "../../../lib/tensor/tensor.ts";
import { float, floats, type GradientCase, indices, type Sample, x } from "../gradient_case.ts";

type Attributes = NonNullable<GradientCase["attributes"]>;
type Inputs = GradientCase["inputs"];

const int32s = (dims: readonly number[], ...values: number[]): Tensor => ({
  dtype: "int32",
  dims,
  data: Int32Array.from(values),
});
const bools = (dims: readonly number[], ...values: number[]): Tensor => ({
  dtype: "bool",
  dims,
  data: Uint8Array.from(values),
});
const angles = (f: (angle: number) => number, rows: number, width: number): Tensor =>
  floats([rows, width], ...Array.from({ length: rows * width }, (_, i) => f(0.7 * i)));

/** Self attention of ONNX Runtime: [2, 3, 4] projected to two heads, then its other inputs. */
const fused = (rest: Inputs, attributes: Attributes = {}, batch = 2): [string, GradientCase] => [
  "com.microsoft.Attention",
  {
    inputs: [x([batch, 3, 4], -1, 1), x([4, 12], -1, 1), x([12], -1, 1), ...rest],
    attributes: { num_heads: 2, ...attributes },
    outputs: 2,
    of: rest[1] === undefined ? [0] : [0, 1],
  },
];

const multiHead = (
  inputs: Inputs,
  attributes: Attributes = {},
  of: number[] = [0],
): [string, GradientCase] => [
  "com.microsoft.MultiHeadAttention",
  { inputs, attributes: { num_heads: 2, ...attributes }, outputs: of.length, of },
];

/** Four heads of queries and two of keys, `width` features each, after a past of `past` tokens. */
const grouped = (
  tokens: number,
  past: number | "empty" | undefined,
  attributes: Attributes,
  rest: Inputs = [],
  width = 8,
): [string, GradientCase] => {
  const cache = (): Sample | Tensor | undefined =>
    past === "empty"
      ? floats([1, 2, 0, width])
      : past === undefined
      ? undefined
      : x([1, 2, past, width]);
  const total = tokens + (typeof past === "number" ? past : 0);
  return ["com.microsoft.GroupQueryAttention", {
    inputs: [
      x([1, tokens, 4 * width]),
      x([1, tokens, 2 * width]),
      x([1, tokens, 2 * width]),
      cache(),
      cache(),
      int32s([1], total - 1),
      int32s([], total),
      ...rest,
    ],
    attributes: { num_heads: 4, kv_num_heads: 2, ...attributes },
    outputs: 3,
    of: [0, 1, 2],
  }];
};

const attention = (
  inputs: Inputs,
  attributes: Attributes = {},
  of: number[] = [0],
): [string, GradientCase] => [
  "Attention",
  { inputs, attributes, outputs: Math.max(...of) + 1, of, opset: 23 },
];
/** Three tokens with `queries` heads of 4 on two heads of keys, and of values of 3. */
const linear = (
  rule: string,
  queries: number,
  [past, ...gates]: readonly GradientCase["inputs"][number][],
  attributes: Attributes = {},
): [string, GradientCase] => ["com.microsoft.LinearAttention", {
  inputs: [x([2, 3, 4 * queries]), x([2, 3, 8], -1, 1), x([2, 3, 6]), past, ...gates],
  attributes: { update_rule: rule, q_num_heads: queries, kv_num_heads: 2, ...attributes },
  outputs: 2,
  of: [0, 1],
}];

const causalConv = (
  input: Sample,
  rest: Inputs,
  attributes: Attributes = {},
): [string, GradientCase] => ["com.microsoft.CausalConvWithState", {
  inputs: [input, x([4, 1, 3], -1, 1), ...rest],
  attributes,
  outputs: 2,
  of: [0, 1],
}];

const heads = x([1, 2, 3, 4]);
/** A batch of two, three queries of each and five keys, of which so many are not padding. */
const cached = (...lengths: number[]): Inputs => [
  ...[x([2, 2, 3, 4]), x([2, 2, 5, 4]), x([2, 2, 5, 4])],
  ...[undefined, undefined, undefined, indices([2], ...lengths)],
];
const newer = (...given: Parameters<typeof attention>): [string, GradientCase] => {
  const [op, spec] = attention(...given);
  return [op, { ...spec, opset: 24 }];
};
const wave = [angles(Math.cos, 8, 8), angles(Math.sin, 8, 8)];

/** More forms of attention. */
export const attentionCases: readonly [string, GradientCase][] = [
  fused([undefined, x([2, 2, 2, 5, 2])]),
  fused([int32s([2, 3], 1, 1, 0, 1, 1, 1)]),
  fused([int32s([1, 3, 3], 1, 0, 0, 1, 1, 0, 1, 1, 1)], {}, 1),
  fused([int32s([4], 3, 2, 1, 0)]),
  fused([undefined, undefined, x([1, 2, 3, 3])], {}, 1),
  fused([undefined, x([2, 1, 2, 2, 2])], { unidirectional: 1, scale: float(0.3) }, 1),
  ["com.microsoft.Attention", {
    inputs: [x([1, 3, 4], -1, 1), x([4, 16], -1, 1), x([16], -1, 1)],
    attributes: { num_heads: 2, qkv_hidden_sizes: [4, 4, 8] },
  }],
  multiHead([x([1, 3, 8]), x([1, 2, 5, 4]), x([1, 2, 5, 4])]),
  multiHead([
    x([2, 3, 8]),
    x([2, 4, 8]),
    x([2, 4, 8]),
    undefined,
    int32s([2, 4], 1, 1, 1, 0, 1, 1, 0, 0),
  ]),
  multiHead([x([2, 3, 8]), x([2, 4, 8]), x([2, 4, 8]), x([24]), int32s([2], 3, 2)]),
  multiHead(
    [x([2, 3, 8]), x([2, 4, 8]), x([2, 4, 8]), undefined, undefined, x([1, 2, 3, 4])],
    { mask_filter_value: float(-100) },
  ),
  multiHead(
    [
      ...[x([1, 3, 8]), x([1, 3, 8]), x([1, 3, 8]), undefined, undefined, undefined],
      ...[x([1, 2, 2, 4]), x([1, 2, 2, 4])],
    ],
    { unidirectional: 1 },
    [0, 1, 2],
  ),
  multiHead([x([1, 3, 8]), x([1, 3, 8]), x([1, 3, 4]), x([20])], { scale: float(0.2) }),
  grouped(2, 3, {}),
  ...[undefined, 3].map((past): [string, GradientCase] => {
    const [op, spec] = grouped(past === undefined ? 2 : 1, past, { do_rotary: 1 }, wave, 16);
    const rows = spec.inputs.map((input) =>
      input !== undefined && "shape" in input
        ? { ...input, shape: [2, ...input.shape.slice(1)] }
        : input
    );
    // The second row is shorter by one.
    const last = past === undefined ? [1, 0] : [3, 2];
    return [op, { ...spec, inputs: rows.with(5, int32s([2], ...last)), of: [0] }];
  }),
  grouped(2, 3, { local_window_size: 3 }),
  grouped(4, "empty", { local_window_size: 2, softcap: float(3) }),
  grouped(1, 3, { do_rotary: 1, rotary_interleaved: 1 }, wave, 16),
  grouped(3, undefined, {}, [undefined, undefined, undefined, x([1, 4, 3, 3])]),
  grouped(3, undefined, {}, [undefined, undefined, undefined, undefined, x([4])]),
  attention([x([1, 4, 3, 4]), x([1, 2, 5, 4]), x([1, 2, 5, 4])], {
    softcap: float(1.5),
    scale: float(0.4),
  }),
  attention([heads, heads, heads, bools([3, 3], 1, 0, 0, 1, 1, 0, 1, 1, 1)]),
  attention(
    [heads, heads, heads, x([1, 1, 3, 3])],
    { qk_matmul_output_mode: 1, softcap: float(2) },
    [0, 3],
  ),
  attention(
    [heads, heads, heads, x([1, 1, 3, 3])],
    { qk_matmul_output_mode: 2, softcap: float(2) },
    [0, 3],
  ),
  attention([heads, heads, heads], { qk_matmul_output_mode: 3 }, [0, 3]),
  attention(
    [heads, heads, heads, undefined, x([1, 2, 2, 4]), x([1, 2, 2, 4])],
    { is_causal: 1 },
    [0, 1, 2],
  ),
  attention([heads, x([1, 2, 5, 4]), x([1, 2, 5, 4])], { is_causal: 1 }),
  // Queries that see nothing give 0: of a mask of truth values, one of numbers, and of lengths.
  attention([heads, heads, heads, bools([3, 3], 0, 0, 0, 1, 1, 0, 1, 1, 1)], {
    qk_matmul_output_mode: 3,
  }, [0, 3]),
  attention([
    heads,
    heads,
    heads,
    floats([3, 3], ...new Array(3).fill(-Infinity), 0, 1, 2, 0, 0, 1),
  ]),
  newer(cached(5, 4)),
  newer(cached(5, 2), { is_causal: 1 }),
  linear("linear", 2, [undefined]),
  linear("gated", 4, [x([2, 2, 4, 3]), x([2, 3, 8], -1, 0)]),
  linear("delta", 2, [undefined, undefined, x([2, 3, 2], 0, 1)], { scale: float(0.3) }),
  linear("gated_delta", 4, [x([2, 2, 4, 3]), x([2, 3, 2], -1, 0), x([2, 3, 1], 0, 1)]),
  causalConv(x([2, 4, 5], -1, 1), []),
  causalConv(x([2, 4, 5], -1, 1), [x([4], -1, 1), x([2, 4, 2], -1, 1)], { activation: "silu" }),
  causalConv(x([2, 5, 4], -1, 1), [x([4], -1, 1), x([2, 4, 4], -1, 1)], {
    channels_last: 1,
    dilation: 2,
  }),
  ["TensorScatter", {
    inputs: [x([2, 1, 5, 2]), x([2, 1, 2, 2]), indices([2], 3, 1)],
    opset: 24,
  }],
  ["TensorScatter", {
    inputs: [x([2, 5, 2]), x([2, 2, 2]), indices([2], 4, 1)],
    attributes: { mode: "circular", axis: 1 },
    opset: 24,
  }],
  ["RotaryEmbedding", {
    inputs: [
      x([1, 3, 8]),
      angles(Math.cos, 4, 2),
      angles(Math.sin, 4, 2),
      indices([1, 3], 0, 3, 1),
    ],
    attributes: { num_heads: 2, interleaved: 1 },
    opset: 23,
  }],
  ["RotaryEmbedding", {
    inputs: [
      x([1, 2, 3, 6]),
      floats([1, 3, 2], 1, 0.5, 0.2, 0.3, 0.6, 0.7),
      floats([1, 3, 2], 0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
    ],
    attributes: { rotary_embedding_dim: 4 },
    opset: 23,
  }],
];
