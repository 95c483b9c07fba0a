/** Layers that the architectures share. Sequences are `[batch, tokens, width]`. @module */
import { float, type GraphBuilder, type Value } from "../onnx/build/builder.ts";
import { type Module, parameter } from "./module.ts";

/** x·W + b. `std` defaults to 1/√in. */
export function linear(
  module: Module,
  name: string,
  x: Value,
  sizes: {
    readonly from: number;
    readonly to: number;
    readonly bias?: boolean;
    readonly std?: number;
  },
): Value {
  const { from, to, bias = true, std = from ** -0.5 } = sizes;
  const product = module.builder.op("MatMul", [
    x,
    parameter(module, `${name}.weight`, [from, to], { std }),
  ]);
  if (!bias) return product;
  return module.builder.op("Add", [
    product,
    parameter(module, `${name}.bias`, [to], { value: 0 }),
  ]);
}

/** Layer normalisation over the last axis. */
export function layerNorm(module: Module, name: string, x: Value, width: number): Value {
  const scale = parameter(module, `${name}.weight`, [width], { value: 1 });
  const shift = parameter(module, `${name}.bias`, [width], { value: 0 });
  return module.builder.op("LayerNormalization", [x, scale, shift], {
    axis: -1,
    epsilon: float(1e-5),
  });
}

/** Root mean square normalisation over the last axis, in the ops that exporters write. */
export function rmsNorm(module: Module, name: string, x: Value, width: number): Value {
  const { builder: b } = module;
  const square = b.op("Mul", [x, x]);
  const mean = b.op("ReduceMean", [square, b.int64s([-1])], { keepdims: 1 });
  const root = b.op("Sqrt", [b.op("Add", [mean, b.scalar(1e-6)])]);
  const scale = parameter(module, `${name}.weight`, [width], { value: 1 });
  return b.op("Mul", [b.op("Div", [x, root]), scale]);
}

/** ½·x·(1 + erf(x/√2)). */
function gelu(b: GraphBuilder, x: Value): Value {
  const erf = b.op("Erf", [b.op("Div", [x, b.scalar(Math.SQRT2)])]);
  return b.op("Mul", [b.op("Mul", [x, b.op("Add", [erf, b.scalar(1)])]), b.scalar(0.5)]);
}

/** x·σ(1.702·x), as CLIP has it. */
function quickGelu(b: GraphBuilder, x: Value): Value {
  return b.op("Mul", [x, b.op("Sigmoid", [b.op("Mul", [x, b.scalar(1.702)])])]);
}

/** ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), the approximation that T5 and GPT-2 have. */
function geluNew(b: GraphBuilder, x: Value): Value {
  const square = b.op("Mul", [x, x]);
  const bend = b.op("Add", [b.op("Mul", [square, b.scalar(0.044715)]), b.scalar(1)]);
  const inner = b.op("Mul", [b.op("Mul", [x, bend]), b.scalar(Math.sqrt(2 / Math.PI))]);
  const half = b.op("Mul", [x, b.scalar(0.5)]);
  return b.op("Mul", [half, b.op("Add", [b.op("Tanh", [inner]), b.scalar(1)])]);
}

/** Activations by the names of config.json. */
export const activations = {
  gelu,
  gelu_new: geluNew,
  quick_gelu: quickGelu,
  relu: (b: GraphBuilder, x: Value): Value => b.op("Relu", [x]),
  silu: (b: GraphBuilder, x: Value): Value => b.op("Mul", [x, b.op("Sigmoid", [x])]),
} as const;

/** Name of an activation. */
export type Activation = keyof typeof activations;

/** Two linear layers with an activation between them; `names` of the two. */
export function mlp(
  module: Module,
  names: readonly [string, string],
  x: Value,
  sizes: {
    readonly from: number;
    readonly hidden: number;
    readonly to: number;
    readonly activation: Activation;
    readonly std?: number;
  },
): Value {
  const { from, hidden, to, activation, std } = sizes;
  const up = linear(module, names[0], x, { from, to: hidden });
  const inner = activations[activation](module.builder, up);
  return linear(module, names[1], inner, {
    from: hidden,
    to,
    ...(std === undefined ? {} : { std }),
  });
}

/** `[batch, tokens, width]` → `[batch, heads, tokens, width / heads]`. */
export function splitHeads(b: GraphBuilder, x: Value, heads: number, width: number): Value {
  const split = b.op("Reshape", [x, b.int64s([0, 0, heads, width / heads])]);
  return b.op("Transpose", [split], { perm: [0, 2, 1, 3] });
}

/** The inverse of {@linkcode splitHeads}. */
export function joinHeads(b: GraphBuilder, x: Value, width: number): Value {
  const swapped = b.op("Transpose", [x], { perm: [0, 2, 1, 3] });
  return b.op("Reshape", [swapped, b.int64s([0, 0, width])]);
}

/**
 * softmax(q·kᵀ/√d + mask)·v over heads: all three are `[batch, heads, tokens, d]`, `mask` is added
 * to the scores and broadcasts to `[batch, heads, queries, keys]`. Without `headWidth` the scores
 * are not divided by √d.
 */
export function attend(
  b: GraphBuilder,
  q: Value,
  k: Value,
  v: Value,
  options: { readonly headWidth?: number; readonly mask?: Value },
): Value {
  const { headWidth } = options;
  const scaled = headWidth === undefined ? q : b.op("Mul", [q, b.scalar(headWidth ** -0.5)]);
  const scores = b.op("MatMul", [scaled, b.op("Transpose", [k], { perm: [0, 1, 3, 2] })]);
  const masked = options.mask === undefined ? scores : b.op("Add", [scores, options.mask]);
  return b.op("MatMul", [b.op("Softmax", [masked], { axis: -1 }), v]);
}

/** Names and sizes of an attention layer. */
export interface AttentionSizes {
  readonly width: number;
  readonly heads: number;
  /** Width of the keys' and values' source, for cross attention. */
  readonly memoryWidth?: number;
  /** Standard deviation of the output layer's initial weights. */
  readonly std?: number;
}

/** Attention of `x` over itself or over `memory`. */
export function attention(
  module: Module,
  name: string,
  x: Value,
  sizes: AttentionSizes & { readonly memory?: Value; readonly mask?: Value },
): Value {
  const { builder: b } = module;
  const { width, heads, memory, memoryWidth = width, mask, std } = sizes;
  const from = memory ?? x;
  const project = (part: string, value: Value, size: number) =>
    splitHeads(
      b,
      linear(module, `${name}.${part}`, value, { from: size, to: width }),
      heads,
      width,
    );
  const mixed = attend(
    b,
    project("q_proj", x, width),
    project("k_proj", from, memoryWidth),
    project("v_proj", from, memoryWidth),
    { headWidth: width / heads, ...(mask === undefined ? {} : { mask }) },
  );
  return linear(module, `${name}.out_proj`, joinHeads(b, mixed, width), {
    from: width,
    to: width,
    ...(std === undefined ? {} : { std }),
  });
}

/** A learned row of tokens `[1, tokens, width]`, repeated for every item of the batch of `x`. */
export function repeatTokens(
  module: Module,
  name: string,
  x: Value,
  sizes: { readonly tokens: number; readonly width: number; readonly std?: number },
): Value {
  const { builder: b } = module;
  const { tokens, width, std = 0.02 } = sizes;
  const learned = parameter(module, name, [1, tokens, width], { std });
  const batch = b.op("Shape", [x], { start: 0, end: 1 });
  const shape = b.op("Concat", [batch, b.int64s([tokens, width])], { axis: 0 });
  return b.op("Expand", [learned, shape]);
}
