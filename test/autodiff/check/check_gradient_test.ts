import { assert, assertEquals } from "@std/assert";
import type {
  CheckOptions,
  GradientCheck,
  Verdict,
} from "../../../lib/autodiff/check/check_gradient.ts";
import { activationRules } from "../../../lib/autodiff/rules/activation.ts";
import { col2imRules } from "../../../lib/autodiff/rules/col2im.ts";
import { controlFlowRules } from "../../../lib/autodiff/rules/control_flow.ts";
import { convolutionRules } from "../../../lib/autodiff/rules/convolution.ts";
import { discreteRules } from "../../../lib/autodiff/rules/discrete.ts";
import { einsumRules } from "../../../lib/autodiff/rules/einsum.ts";
import { elementwiseRules } from "../../../lib/autodiff/rules/elementwise.ts";
import { fourierRules } from "../../../lib/autodiff/rules/fourier.ts";
import { fusedActivationRules } from "../../../lib/autodiff/rules/fused_activation.ts";
import { indexingRules } from "../../../lib/autodiff/rules/indexing.ts";
import { matmulRules } from "../../../lib/autodiff/rules/matmul.ts";
import { matrixRules } from "../../../lib/autodiff/rules/matrix.ts";
import { movementRules } from "../../../lib/autodiff/rules/movement.ts";
import { normalizationRules } from "../../../lib/autodiff/rules/normalization.ts";
import { poolingRules } from "../../../lib/autodiff/rules/pooling.ts";
import { quantizedRules } from "../../../lib/autodiff/rules/quantized.ts";
import { reduceRules } from "../../../lib/autodiff/rules/reduce.ts";
import { resizeRules } from "../../../lib/autodiff/rules/resize.ts";
import { softmaxRules } from "../../../lib/autodiff/rules/softmax.ts";
import { straightThroughRules } from "../../../lib/autodiff/rules/straight_through.ts";
import { gradRules } from "../../../lib/autodiff/table/rule_table.ts";
import type { GradRules } from "../../../lib/autodiff/engine/rule.ts";
import { GraphBuilder, type Value } from "../../../lib/onnx/build/builder.ts";
import type { Model } from "../../../lib/onnx/ir/model.ts";
import { castTensor } from "../../../lib/tensor/convert.ts";
import { Random } from "../../../lib/tensor/random.ts";
import type { Tensor } from "../../../lib/tensor/tensor.ts";
import { fusedCases } from "../cases/fused.ts";
import { quantizedCases } from "../cases/quantized.ts";
import {
  checkOnce,
  feedsOf,
  float,
  floats,
  type GradientCase,
  indices,
  ints,
  modelOf,
  x,
} from "../gradient_case.ts";
import { mistakes, planted } from "../planted_rules.ts";

/** An op of a family, and what it is tried on. */
interface Planting {
  readonly rules: GradRules;
  readonly op: string;
  readonly model: Model;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly outputs?: readonly string[];
  /** The operand whose gradient is spoiled. */
  readonly operand?: number;
  readonly straightThrough?: true;
}

function ofCase(rules: GradRules, op: string, spec: GradientCase, operand = 0): Planting {
  const outputs = (spec.of ?? [0]).map((i) => `y${i}`);
  return { rules, op, model: modelOf(op, spec, false), feeds: feedsOf(spec, 7), outputs, operand };
}

/** y = x where a condition holds, else 3 x. */
function branchModel(): Model {
  const branch = (name: string, build: (b: GraphBuilder) => Value) => {
    const inner = new GraphBuilder({ opset: 18, prefix: `${name}.` });
    inner.input("x", "float32", [3, 4]);
    inner.output(build(inner));
    return { type: "graph", value: { ...inner.finish().graph, inputs: [] } } as const;
  };
  const b = new GraphBuilder({ opset: 18 });
  const total = b.op("ReduceSum", [b.input("x", "float32", [3, 4])], { keepdims: 0 });
  const [y] = b.node("If", [b.op("Greater", [total, b.scalar(1e3)])], {
    attributes: {
      then_branch: branch("then", (inner) => inner.op("Neg", ["x"])),
      else_branch: branch("else", (inner) => inner.op("Mul", ["x", inner.op("Sin", ["x"])])),
    },
  });
  b.output(y!, "y0");
  return b.finish();
}

/** y = (x rounded to bytes) · w */
function roundedModel(): Model {
  const b = new GraphBuilder({ opset: 18 });
  const [factor, point] = [b.scalar(1 / 64), b.constant({ ...byte, data: Uint8Array.of(120) })];
  const rounded = b.op("QuantizeLinear", [b.input("x0", "float32", [3, 4]), factor, point]);
  const back = b.op("DequantizeLinear", [rounded, factor, point]);
  b.output(b.op("MatMul", [back, b.input("x1", "float32", [4, 5])]), "y0");
  return b.finish();
}
const byte = { dtype: "uint8", dims: [] } as const;

const nBits = "com.microsoft.MatMulNBits";

/** One op of each family of rules; of those that have no gradient none can be wrong. */
const families: Record<string, Planting> = {
  elementwise: ofCase(elementwiseRules, "Mul", { inputs: [x([3, 4]), x([3, 4])] }, 1),
  activation: ofCase(activationRules, "Softplus", { inputs: [x([3, 4])] }),
  matmul: ofCase(matmulRules, "MatMul", { inputs: [x([3, 4]), x([4, 5])] }, 1),
  matrix: ofCase(matrixRules, "Det", { inputs: [x([4, 3, 3])] }),
  fourier: ofCase(fourierRules, "DFT", { inputs: [x([2, 5, 2])], attributes: { axis: 1 } }),
  einsum: ofCase(einsumRules, "Einsum", {
    inputs: [x([3, 4]), x([4, 5])],
    attributes: { equation: "ij,jk->ki" },
  }),
  reduce: ofCase(reduceRules, "ReduceSumSquare", { inputs: [x([3, 4]), ints(1)] }),
  softmax: ofCase(softmaxRules, "Softmax", { inputs: [x([3, 4])], attributes: { axis: 0 } }),
  movement: ofCase(movementRules, "Pad", { inputs: [x([3, 4]), ints(1, 0, 2, 1)] }),
  indexing: ofCase(indexingRules, "Gather", { inputs: [x([4, 3]), indices([2, 2], 0, 3, -1, 1)] }),
  normalization: ofCase(normalizationRules, "LayerNormalization", {
    inputs: [x([3, 4]), x([4]), x([4])],
  }),
  convolution: ofCase(convolutionRules, "Conv", {
    inputs: [x([1, 2, 6, 5]), x([4, 2, 3, 2])],
    attributes: { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] },
  }, 1),
  pooling: ofCase(poolingRules, "MaxPool", {
    inputs: [x([1, 2, 6, 5])],
    attributes: { kernel_shape: [2, 2], strides: [1, 2] },
  }),
  resize: ofCase(resizeRules, "Resize", {
    inputs: [x([1, 2, 3, 4]), undefined, floats([4], 1, 1, 2, 1.5)],
    attributes: { mode: "linear" },
  }),
  col2im: ofCase(col2imRules, "Col2Im", { inputs: [x([1, 8, 6]), ints(3, 4), ints(2, 2)] }),
  fusedActivation: ofCase(fusedActivationRules, "com.microsoft.QuickGelu", {
    inputs: [x([3, 4])],
    attributes: { alpha: float(1.702) },
  }),
  quantized: ofCase(quantizedRules, nBits, fusedCases[nBits]),
  straightThrough: {
    rules: straightThroughRules,
    op: "QuantizeLinear",
    model: roundedModel(),
    feeds: feedsOf({ inputs: [x([3, 4], -1, 1), x([4, 5])] }, 7),
    straightThrough: true,
  },
  controlFlow: {
    rules: controlFlowRules,
    op: "If",
    model: branchModel(),
    feeds: { x: feedsOf({ inputs: [x([3, 4])] }, 7).x0! },
    operand: 1,
  },
};

Deno.test("the families of planted rules are all that have gradients", () => {
  const tables = Object.values(families).map(({ rules }) => rules);
  const known = new Set([...tables, discreteRules].flatMap((rules) => Object.keys(rules)));
  assertEquals(Object.keys(gradRules).filter((op) => !known.has(op)), []);
  for (const { rules, op } of Object.values(families)) assert(op in rules, op);
});

function check(
  { model, feeds, outputs = ["y0"], straightThrough }: Planting,
  more: Partial<CheckOptions> = {},
): Promise<GradientCheck> {
  const wrt = Object.keys(feeds);
  const options = straightThrough === undefined ? {} : { straightThrough };
  return checkOnce(model, feeds, { outputs, wrt, ...options, ...more });
}

for (const [family, planting] of Object.entries(families)) {
  Deno.test(`checkGradient() tells right rules from wrong ones: ${family}`, async () => {
    const { verdict, error } = await check(planting);
    assertEquals(verdict, "ok");
    assert(error < 1e-3, String(error));
    const found: Record<string, Verdict> = {};
    for (const name of Object.keys(mistakes) as (keyof typeof mistakes)[]) {
      const rules = planted(planting.op, name, planting.operand);
      found[name] = (await check(planting, { rules })).verdict;
    }
    const expected = Object.keys(mistakes).map((name) => [name, "differs"]);
    assertEquals(found, Object.fromEntries(expected));
  });
}

/** A model of one input, at a point. */
interface Point {
  readonly build: (b: GraphBuilder, x: Value) => Value;
  readonly at: Tensor;
}

function checkAt({ build, at }: Point, more: Partial<CheckOptions> = {}): Promise<GradientCheck> {
  const b = new GraphBuilder({ opset: 18 });
  b.output(build(b, b.input("x", at.dtype, at.dims)), "y0");
  return checkOnce(b.finish(), { x: at }, { outputs: ["y0"], wrt: ["x"], ...more });
}

const zeros = floats([4], 0, 0, 0, 0);
const relu = (b: GraphBuilder, value: Value) => b.op("Relu", [value]);
const clip = (b: GraphBuilder, value: Value) => b.op("Clip", [value, b.scalar(0), b.scalar(1)]);

/** Functions that bend at the point; the rule that is spoiled there. */
const kinks: Record<string, Point & { readonly op: string }> = {
  "Relu at 0": { build: relu, at: zeros, op: "Relu" },
  "Relu beside a smooth path": {
    build: (b, value) => b.op("Add", [relu(b, value), b.op("Sin", [value])]),
    at: zeros,
    op: "Relu",
  },
  "a kink that cancels another": {
    build: (b, value) => b.op("Sub", [relu(b, value), relu(b, b.op("Neg", [value]))]),
    at: zeros,
    op: "Relu",
  },
  "Abs at 0": { build: (b, value) => b.op("Abs", [value]), at: zeros, op: "Abs" },
  "Clip at its bounds": { build: clip, at: floats([4], 0, 1, 0.5, 0), op: "Clip" },
  "MaxPool of equals": {
    build: (b, value) => b.op("MaxPool", [value], { kernel_shape: [2], strides: [2] }),
    at: floats([1, 1, 6], 1, 1, 2, 2, 0.5, 0.5),
    op: "MaxPool",
  },
  "ReduceMax of equals": {
    build: (b, value) => b.op("ReduceMax", [value], { keepdims: 0 }),
    at: floats([4], 1, 2, 2, 0),
    op: "ReduceMax",
  },
  "Max of equals": {
    build: (b, value) => b.op("Max", [value, b.constant(floats([4], 1, 2, 3, 4))]),
    at: floats([4], 1, 2, 0, 9),
    op: "Max",
  },
};

for (const [name, point] of Object.entries(kinks)) {
  Deno.test(`checkGradient() tells a kink from a mistake: ${name}`, async () => {
    const right = await checkAt(point);
    assertEquals(right.verdict, "kink", JSON.stringify(right));
    assert(right.reason!.startsWith("a kink at this point: the slope is "), right.reason);
    const wrong = await checkAt(point, { rules: planted(point.op, "1 % too much") });
    assertEquals(wrong.verdict, "differs", JSON.stringify(wrong));
  });
}

/** A deep net of thousands of kinks whose output is nearly saturated: differences in float32 show nothing. */
function saturatedNet(b: GraphBuilder, image: Value): Value {
  const random = new Random(4);
  const weight = (dims: readonly number[], scale: number) => {
    const length = dims.reduce((product, dim) => product * dim, 1);
    const values = Float32Array.from({ length }, () => scale * random.normal());
    return b.constant({ dtype: "float32", dims, data: values });
  };
  let value = image;
  for (let layer = 0, channels = 3; layer < 6; layer++, channels = 8) {
    const kernel = weight([8, channels, 3, 3], Math.sqrt(2 / (9 * channels)));
    value = relu(b, b.op("Conv", [value, kernel], { pads: [1, 1, 1, 1] }));
  }
  const one = b.op("Conv", [value, weight([1, 8, 1, 1], 1)]);
  return b.op("Sigmoid", [b.op("Sub", [one, b.scalar(12)])]);
}

function imageAt(dims: readonly number[]): Tensor {
  return feedsOf({ inputs: [x(dims, -1, 1)] }, 3).x0!;
}

Deno.test("checkGradient() sees 1 % in a saturated net of many kinks", async () => {
  const point = { build: saturatedNet, at: imageAt([1, 3, 16, 16]) };
  const right = await checkAt(point);
  assertEquals([right.verdict, right.precision], ["ok", "float64"], JSON.stringify(right));
  for (const op of ["Conv", "Relu", "Sigmoid"]) {
    const wrong = await checkAt(point, { rules: planted(op, "1 % too much") });
    assertEquals(wrong.verdict, "differs", JSON.stringify(wrong));
  }
});

Deno.test("checkGradient() says when there is nothing to compare", async () => {
  const softmax = (b: GraphBuilder, value: Value) =>
    b.op("ReduceSum", [b.op("Softmax", [value])], { keepdims: 0 });
  const flat = await checkAt({ build: softmax, at: floats([1, 4], 1, 2, 0, -1) });
  assertEquals([flat.verdict, flat.isZero], ["ok", true]);
  const still = await checkAt({ build: (b, value) => b.op("Floor", [value]), at: imageAt([3]) });
  assertEquals([still.verdict, still.isZero], ["ok", true]);
});

/** What differences cannot show, and why. */
const inconclusive: Record<string, Point & { readonly reason: string }> = {
  "random numbers": {
    build: (b, value) => b.op("Add", [value, b.op("RandomNormalLike", [value])]),
    at: imageAt([3]),
    reason: "the model gives other values each time it runs",
  },
  "a point outside of the domain": {
    build: (b, value) => b.op("Log", [value]),
    at: floats([2], -1, 2),
    reason: "the function is not finite around this point",
  },
  "an input without elements": {
    build: (b, value) => b.op("Sin", [value]),
    at: floats([0]),
    reason: "it has no elements to vary",
  },
};

for (const [name, point] of Object.entries(inconclusive)) {
  Deno.test(`checkGradient() does not decide on ${name}`, async () => {
    const { verdict, reason } = await checkAt(point);
    assertEquals([verdict, reason], ["inconclusive", point.reason]);
  });
}

Deno.test("checkGradient() finds gradients that are not finite where the function is", async () => {
  const point = { build: relu, at: imageAt([3]) };
  const { verdict, reason } = await checkAt(point, { rules: planted("Relu", "a NaN") });
  assertEquals([verdict, reason], ["differs", "the gradient holds NaN or Infinity"]);
});

Deno.test("checkGradient() checks models of 16-bit floats without their rounding", async () => {
  const at = castTensor(imageAt([2, 3]), "float16");
  const build = (b: GraphBuilder, value: Value) => b.op("Mul", [value, b.op("Tanh", [value])]);
  const right = await checkAt({ build, at });
  assertEquals([right.verdict, right.precision], ["ok", "float64"], JSON.stringify(right));
  assert(right.rounding! > 1e-5 && right.rounding! < 1e-2, String(right.rounding));
  const wrong = await checkAt({ build, at }, { rules: planted("Tanh", "1 % too much") });
  assertEquals(wrong.verdict, "differs");
});

for (const [name, { dims, rounded }] of Object.entries(quantizedCases)) {
  Deno.test(`checkGradient() checks straight-through gradients without the rounding: ${name}`, async () => {
    const at = imageAt(dims);
    const found = await checkAt({ build: rounded, at }, { straightThrough: true });
    assertEquals(found.verdict, "ok", JSON.stringify(found));
  });
}
