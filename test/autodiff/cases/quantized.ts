/**
 * Ops on rounded activations beside what they stand for in floats. The activations of `x` lie on the
 * grid of step 1/32 that `round` uses, so that both compute the same but for what comes after.
 *
 * @module
 */
import type { quantizedProductDecompositions } from "../../../lib/autodiff/decompositions/quantized_products.ts";
import type { straightThroughRules } from "../../../lib/autodiff/rules/straight_through.ts";
import type { GraphBuilder, Value } from "../../../lib/onnx/build/builder.ts";
import type { Tensor } from "../../../lib/tensor/tensor.ts";
import { float, floats } from "../gradient_case.ts";

/** The same function on integers and in floats. */
export interface QuantizedCase {
  readonly dims: readonly number[];
  readonly rounded: (b: GraphBuilder, x: Value) => Value;
  readonly real: (b: GraphBuilder, x: Value) => Value;
}

const step = 1 / 32;
const ms = "com.microsoft";

/** Pseudo-random bytes. */
const bytes = (dims: readonly number[], of: "int8" | "uint8" = "int8"): Tensor => {
  const data = Array.from(
    { length: dims.reduce((n, dim) => n * dim, 1) },
    (_, i) => (97 * i + 31) % 201 - (of === "int8" ? 100 : 0),
  );
  return { dtype: of, dims, data: of === "int8" ? Int8Array.from(data) : Uint8Array.from(data) };
};
const byte = (value: number): Tensor => ({
  dtype: "uint8",
  dims: [],
  data: Uint8Array.of(value),
});
const noBytes = (dims: readonly number[]): Tensor => ({
  ...bytes(dims),
  data: new Int8Array(dims[0]!),
});

/** x as integers with scale and zero point, the three inputs of the ops. */
function round(b: GraphBuilder, x: Value): [Value, Value, Value] {
  const [s, z] = [b.scalar(step), b.constant(byte(120))];
  return [b.op("QuantizeLinear", [x, s, z]), s, z];
}

/** Scale and zero point of results: coarse, the gradient does not depend on it. */
const coarse = (b: GraphBuilder): [Value, Value] => [b.scalar(0.25), b.constant(byte(100))];

function open(b: GraphBuilder, y: Value): Value {
  return b.op("DequantizeLinear", [y, ...coarse(b)]);
}

/** A weight of integers with a scale per column of `axis`, and what it stands for. */
function weightOf(b: GraphBuilder, dims: readonly number[], axis?: number) {
  const count = axis === undefined ? undefined : dims[axis]!;
  const scales = count === undefined
    ? floats([], 0.01)
    : floats([count], ...Array.from({ length: count }, (_, i) => 0.01 * (i + 1)));
  const zeros: Tensor = count === undefined ? { ...noBytes([1]), dims: [] } : noBytes([count]);
  const inputs = [b.constant(bytes(dims)), b.constant(scales), b.constant(zeros)] as const;
  const real = b.op("DequantizeLinear", [...inputs], axis === undefined ? {} : { axis });
  return { inputs, real };
}

const product = (op: (b: GraphBuilder, x: Value) => Value): QuantizedCase => ({
  dims: [3, 4],
  rounded: op,
  real: (b, x) => b.op("MatMul", [x, weightOf(b, [4, 2], 1).real]),
});

const activation = (
  opType: string,
  dims: readonly number[],
  attributes: Parameters<GraphBuilder["op"]>[2] = {},
  extra: Parameters<GraphBuilder["op"]>[2] = {},
): QuantizedCase => ({
  dims,
  rounded: (b, x) =>
    open(
      b,
      b.op(`QLinear${opType}`, [...round(b, x), ...coarse(b)], { ...attributes, ...extra }, ms),
    ),
  real: (b, x) => b.op(opType, [x], attributes),
});

const combination = (opType: string): QuantizedCase => ({
  dims: [3, 4],
  rounded: (b, x) => {
    const q = round(b, x);
    const turned = round(b, b.op("Mul", [x, b.scalar(2)]));
    return open(b, b.op(`QLinear${opType}`, [...q, ...turned, ...coarse(b)], {}, ms));
  },
  real: (b, x) => b.op(opType, [x, b.op("Mul", [x, b.scalar(2)])]),
});

const bias = (...values: number[]): Tensor => ({
  dtype: "int32",
  dims: [values.length],
  data: Int32Array.from(values),
});

const qLinearConv = (domain: string): QuantizedCase => ({
  dims: [1, 2, 5, 5],
  rounded: (b, x) => {
    const w = weightOf(b, [3, 2, 3, 3], 0).inputs;
    const inputs = [...round(b, x), ...w, ...coarse(b), b.constant(bias(40, -300, 700))];
    return open(b, b.op("QLinearConv", inputs, { strides: [2, 2], pads: [1, 1, 1, 1] }, domain));
  },
  real: (b, x) =>
    b.op("Conv", [x, weightOf(b, [3, 2, 3, 3], 0).real], { strides: [2, 2], pads: [1, 1, 1, 1] }),
});

/** One case per op. */
export const quantizedCases = {
  QuantizeLinear: {
    dims: [3, 4],
    rounded: (b, x) => b.op("DequantizeLinear", round(b, x)),
    real: (_b, x) => x,
  },
  "com.microsoft.QuantizeLinear": {
    dims: [3, 4],
    rounded: (b, x) => {
      const [, s, z] = round(b, x);
      return b.op("DequantizeLinear", [b.op("QuantizeLinear", [x, s, z], {}, ms), s, z], {}, ms);
    },
    real: (_b, x) => x,
  },
  DynamicQuantizeLinear: product((b, x) => {
    const [q, s, z] = b.node("DynamicQuantizeLinear", [x], { outputs: 3 });
    const w = weightOf(b, [4, 2], 1);
    const y = b.op("Cast", [b.op("MatMulInteger", [q!, w.inputs[0], z!])], { to: 1 });
    return b.op("Mul", [y, b.op("Mul", [s!, w.inputs[1]])]);
  }),
  MatMulInteger: {
    dims: [2, 3, 4],
    rounded: (b, x) => {
      const [q, s, z] = round(b, x);
      const keys = b.op("Transpose", [q], { perm: [0, 2, 1] });
      const y = b.op("Cast", [b.op("MatMulInteger", [q, keys, z, z])], { to: 1 });
      return b.op("Mul", [y, b.op("Mul", [s, s])]);
    },
    real: (b, x) => b.op("MatMul", [x, b.op("Transpose", [x], { perm: [0, 2, 1] })]),
  },
  ConvInteger: {
    dims: [1, 2, 5, 5],
    rounded: (b, x) => {
      const [q, s, z] = round(b, x);
      const w = weightOf(b, [3, 2, 3, 3]);
      const sum = b.op("ConvInteger", [q, w.inputs[0], z, w.inputs[2]], { pads: [1, 0, 1, 0] });
      const shifted = b.op("Add", [sum, b.constant({ ...bias(5), dims: [] })]);
      return b.op("Mul", [b.op("Cast", [shifted], { to: 1 }), b.op("Mul", [s, w.inputs[1]])]);
    },
    real: (b, x) => b.op("Conv", [x, weightOf(b, [3, 2, 3, 3]).real], { pads: [1, 0, 1, 0] }),
  },
  QLinearMatMul: product((b, x) =>
    open(b, b.op("QLinearMatMul", [...round(b, x), ...weightOf(b, [4, 2], 1).inputs, ...coarse(b)]))
  ),
  QLinearConv: qLinearConv(""),
  "com.microsoft.QLinearConv": qLinearConv(ms),
  "com.microsoft.MatMulIntegerToFloat": product((b, x) => {
    const [q, s, z] = round(b, x);
    const [w, scales, points] = weightOf(b, [4, 2], 1).inputs;
    const offset = b.constant(floats([2], 1, 2));
    return b.op("MatMulIntegerToFloat", [q, w, s, scales, z, points, offset], {}, ms);
  }),
  "com.microsoft.DynamicQuantizeMatMul": product((b, x) =>
    b.op("DynamicQuantizeMatMul", [x, ...weightOf(b, [4, 2], 1).inputs], {}, ms)
  ),
  "com.microsoft.QGemm": product((b, x) => {
    const inputs = [...round(b, x), ...weightOf(b, [4, 2], 1).inputs, b.constant(bias(300, -20))];
    return b.op("QGemm", inputs, {}, ms);
  }),
  "com.microsoft.QAttention": {
    dims: [2, 3, 4],
    rounded: (b, x) => {
      const [q, s, z] = round(b, x);
      const [w, scale, point] = weightOf(b, [4, 12]).inputs;
      const offset = b.constant(floats([12], ...new Array(12).fill(0)));
      const inputs = [q, w, offset, s, scale, undefined, z, point];
      return b.op("QAttention", inputs, { num_heads: 2 }, ms);
    },
    real: (b, x) => {
      const offset = b.constant(floats([12], ...new Array(12).fill(0)));
      const inputs = [x, weightOf(b, [4, 12]).real, offset];
      return b.op("Attention", inputs, { num_heads: 2 }, ms);
    },
  },
  "com.microsoft.QLinearAdd": combination("Add"),
  "com.microsoft.QLinearMul": combination("Mul"),
  "com.microsoft.QLinearSigmoid": activation("Sigmoid", [3, 4]),
  "com.microsoft.QLinearLeakyRelu": activation("LeakyRelu", [3, 4], { alpha: float(0.2) }),
  "com.microsoft.QLinearAveragePool": activation("AveragePool", [1, 2, 4, 4], {
    kernel_shape: [2, 2],
  }),
  "com.microsoft.QLinearGlobalAveragePool": activation("GlobalAveragePool", [1, 2, 4, 4]),
  "com.microsoft.QLinearSoftmax": activation("Softmax", [3, 4], { axis: -1 }, { opset: 13 }),
  "com.microsoft.QLinearConcat": {
    dims: [3, 4],
    rounded: (b, x) => {
      const parts = [...round(b, x), ...round(b, b.op("Mul", [x, x]))];
      return open(b, b.op("QLinearConcat", [...coarse(b), ...parts], { axis: 1 }, ms));
    },
    real: (b, x) => b.op("Concat", [x, b.op("Mul", [x, x])], { axis: 1 }),
  },
  "com.microsoft.QLinearWhere": {
    dims: [3, 4],
    rounded: (b, x) => {
      const sign = b.op("Greater", [x, b.scalar(0.01)]);
      const other = round(b, b.op("Mul", [x, b.scalar(2)]));
      return open(b, b.op("QLinearWhere", [sign, ...round(b, x), ...other, ...coarse(b)], {}, ms));
    },
    real: (b, x) =>
      b.op("Where", [
        b.op("Greater", [x, b.scalar(0.01)]),
        x,
        b.op("Mul", [x, b.scalar(2)]),
      ]),
  },
} satisfies Record<
  keyof typeof straightThroughRules | keyof typeof quantizedProductDecompositions,
  QuantizedCase
>;

/** Chains of integers. */
export const moreQuantizedCases: readonly [string, QuantizedCase][] = [
  ["integers moved, pooled and cut", {
    dims: [1, 4, 4, 4],
    rounded: (b, x) => {
      const [q, s, z] = round(b, x);
      const pooled = b.op("MaxPool", [q], { kernel_shape: [2, 2], strides: [2, 2] });
      const [first] = b.node("Split", [pooled], {
        attributes: { axis: 1, num_outputs: 2 },
        outputs: 2,
      });
      const turned = b.op("Transpose", [first!], { perm: [0, 2, 3, 1] });
      const flat = b.op("Reshape", [turned, b.int64s([2, -1])]);
      return b.op("DequantizeLinear", [b.op("Concat", [flat, flat], { axis: 0 }), s, z]);
    },
    real: (b, x) => {
      const pooled = b.op("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
      const first = b.op("Slice", [pooled, b.int64s([0]), b.int64s([2]), b.int64s([1])]);
      const flat = b.op("Reshape", [
        b.op("Transpose", [first], { perm: [0, 2, 3, 1] }),
        b.int64s([2, -1]),
      ]);
      return b.op("Concat", [flat, flat], { axis: 0 });
    },
  }],
  ["a scale per channel", {
    dims: [2, 3],
    rounded: (b, x) => {
      const scales = b.constant(floats([3], step, step / 2, 2 * step));
      const zeros = b.constant({ ...noBytes([3]) });
      const q = b.op("QuantizeLinear", [x, scales, zeros], { axis: 1 });
      return b.op("DequantizeLinear", [q, scales, zeros], { axis: 1 });
    },
    // The second channel, of the finest step, is beyond its range from 127/64 on.
    real: (b, x) => b.op("Clip", [x, b.scalar(-2), b.scalar(2)]),
  }],
];
