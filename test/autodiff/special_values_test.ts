import { assertAlmostEquals, assertEquals } from "@std/assert";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import { floats, runOnce } from "./gradient_case.ts";

type Build = (b: GraphBuilder, x: Value) => Value;

const op = (type: string): Build => (b, x) => b.op(type, [x]);
const reduce = (type: string): Build => (b, x) => b.op(type, [x, b.int64s([0])]);
const row = (b: GraphBuilder, ...values: number[]) =>
  b.constant(floats([values.length], ...values));
const inf = Infinity;
/** 2, 0 and 3, the first times the first two elements of x, the second times the third one. */
const multiplied: Build = (b, x) => {
  const places = b.int64s([0, 0, 1]);
  return b.op("ScatterElements", [row(b, 2, 0, 3), places, x], { reduction: "mul" });
};

/** Gradients of the sum at kinks, ties and other places where a formula may divide 0 by 0. */
const cases: readonly [string, Build, number[], number[]][] = [
  ["Sqrt at 0", op("Sqrt"), [0, 4], [0, 0.25]],
  ["Abs at 0", op("Abs"), [0, -1], [0, -1]],
  ["Relu at 0", op("Relu"), [0, 1], [0, 1]],
  ["Sign", op("Sign"), [0, 2], [0, 0]],
  ["x² at 0", (b, x) => b.op("Pow", [x, b.scalar(2)]), [0, 3], [0, 6]],
  ["√x at 0", (b, x) => b.op("Pow", [x, b.scalar(0.5)]), [0, 4], [0, 0.25]],
  ["x⁰ at 0", (b, x) => b.op("Pow", [x, b.scalar(0)]), [0, 1], [0, 0]],
  ["x^z at 0, z = 0", (b, x) => b.op("Pow", [x, row(b, 0, 2)]), [0, 3], [0, 6]],
  ["0^z", (b, x) => b.op("Pow", [row(b, 0, 1), x]), [2, 2], [0, 0]],
  ["‖0‖", reduce("ReduceL2"), [0, 0], [0, 0]],
  ["‖x‖", reduce("ReduceL2"), [3, 4], [0.6, 0.8]],
  ["normalised 0", (b, x) => b.op("LpNormalization", [x]), [0, 0], [0, 0]],
  ["largest of equals", reduce("ReduceMax"), [2, 2], [0.5, 0.5]],
  ["product with a 0", reduce("ReduceProd"), [0, 5], [5, 0]],
  ["product of zeros", reduce("ReduceProd"), [0, 0], [0, 0]],
  ["a factor 0", multiplied, [0, 5, 7], [10, 0, 0]],
  ["factors 0", multiplied, [0, 0, 7], [0, 0, 0]],
  ["Max of equals", (b, x) => b.op("Max", [x, row(b, 1, 0)]), [1, 2], [0.5, 1]],
  ["Clip at its bound", (b, x) => b.op("Clip", [x, b.scalar(0), b.scalar(1)]), [1, 0.5], [0, 1]],
  ["log Σ exp of −∞", reduce("ReduceLogSumExp"), [-inf, 0], [0, 1]],
  ["Softplus far out", op("Softplus"), [-200, 200], [0, 1]],
  ["Sigmoid far out", op("Sigmoid"), [-200, 200], [0, 0]],
  ["Gelu far out", (b, x) => b.op("Gelu", [x]), [-200, 200], [0, 1]],
  ["Erf far out", op("Erf"), [-200, 200], [0, 0]],
];

for (const [name, build, x, expected] of cases) {
  Deno.test(`addGradients() is finite at ${name}`, async () => {
    const b = new GraphBuilder({ opset: 20 });
    b.output(build(b, b.input("x", "float32", [x.length])), "y");
    const model = addGradients(b.finish(), { of: "y", wrt: ["x"] });
    const results = await runOnce(model, { x: floats([x.length], ...x) });
    const gradient = Array.from(results["grad.x"]!.data, Number);
    gradient.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-6));
    assertEquals(gradient.length, expected.length);
  });
}

type Guard = (b: GraphBuilder, p: Value, mask: Value) => Value;

/** Where the weights are not a number. */
const byWeights: Guard = (b, p) => b.op("IsNaN", [p]);

/** Where the mask hides a whole row. */
const byMask: Guard = (b, _p, mask) =>
  b.op("Equal", [b.op("ReduceMax", [mask, b.int64s([-1])], { keepdims: 1 }), b.scalar(-inf)]);

/** Attention with a mask, its rows of nothing but masked keys guarded; three keys for two queries. */
function guardedAttention(guard: Guard = byWeights): GraphBuilder {
  const b = new GraphBuilder();
  const scores = b.input("x", "float32", [2, 3]);
  const mask = b.constant(floats([2, 3], 0, 0, -inf, -inf, -inf, -inf));
  const p = b.op("Softmax", [b.op("Add", [scores, mask])]);
  const safe = b.op("Where", [guard(b, p, mask), b.scalar(0), p]);
  b.output(b.op("MatMul", [safe, b.constant(floats([3, 1], 1, 2, 3))]), "y");
  return b;
}

for (const [name, guard] of Object.entries({ byWeights, byMask })) {
  Deno.test(`addGradients() keeps NaN of fully masked rows, guarded ${name}, out of the gradient`, async () => {
    const model = addGradients(guardedAttention(guard).finish(), { of: "y", wrt: ["x"] });
    const results = await runOnce(model, { x: floats([2, 3], 1, 1, 2, 3, 4, 5) });
    const gradient = Array.from(results["grad.x"]!.data, Number).map((v) => v + 0);
    assertEquals(gradient, [-0.25, 0.25, 0, 0, 0, 0]);
  });
}

Deno.test("addGradients() gives the gradient of a Clip with crossed bounds to the upper one", async () => {
  const b = new GraphBuilder();
  const inputs = [b.input("x", "float32", [3]), b.input("low", "float32", [])];
  b.output(b.op("Clip", [...inputs, b.input("high", "float32", [])]), "y");
  const model = addGradients(b.finish(), { cotangents: ["y"], wrt: ["x", "low", "high"] });
  const results = await runOnce(model, {
    ...{ x: floats([3], 0, 1.5, 3), low: floats([], 2), high: floats([], 1) },
    "ct.y": floats([3], 1, 2, 4),
  });
  const grads = ["x", "low", "high"].map((name) =>
    Array.from(results[`grad.${name}`]!.data, Number)
  );
  assertEquals(grads.flat().map((value) => value + 0), [0, 0, 0, 0, 7]);
});

Deno.test("addGradients() does not guard again what the model guards", () => {
  const model = addGradients(guardedAttention().finish(), { of: "y", wrt: ["x"] });
  const guards = model.graph.nodes.filter(({ opType }) => ["IsNaN", "Where"].includes(opType));
  assertEquals(guards.map(({ opType }) => opType), ["IsNaN", "Where"]);
});
