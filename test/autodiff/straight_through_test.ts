import { assert, assertEquals, assertThrows } from "@std/assert";
import { addGradients, unsupportedNodes } from "../../lib/autodiff/gradient.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import { checkModel } from "../../lib/onnx/infer/check.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, zeros } from "../../lib/tensor/tensor.ts";
import { moreQuantizedCases, type QuantizedCase, quantizedCases } from "./cases/quantized.ts";
import { floats, runOnce } from "./gradient_case.ts";

const list = (t: Tensor | undefined) => Array.from(t?.data ?? [], Number);

function modelOf(dims: readonly number[], build: (b: GraphBuilder, x: Value) => Value): Model {
  const b = new GraphBuilder();
  b.output(build(b, b.input("x", "float32", dims)), "y");
  return b.finish();
}

/** Random multiples of 1/32 between −1.5 and 1.5, no two neighbours alike. */
function onGrid(dims: readonly number[]): Tensor {
  const x = zeros("float32", dims);
  const places = new Random(5).permutation(96);
  for (let i = 0; i < x.data.length; i++) x.data[i] = (places[i % 96]! - 47.5) / 32 + 1 / 64;
  return x;
}

async function gradientOf(model: Model, x: Tensor): Promise<Record<string, Tensor>> {
  const step = addGradients(model, { cotangents: ["y"], wrt: ["x"], straightThrough: true });
  assertEquals(checkModel(step), []);
  const { y } = await runOnce(model, { x });
  const cotangent = zeros("float32", y!.dims);
  for (let i = 0; i < cotangent.data.length; i++) cotangent.data[i] = Math.cos(3 * i + 1);
  return await runOnce(step, { x, "ct.y": cotangent });
}

function distance(x: Tensor | undefined, z: Tensor | undefined): number {
  const [left, right] = [list(x), list(z)];
  assertEquals(left.length, right.length);
  const norm = (values: readonly number[]) => Math.hypot(...values);
  return norm(left.map((value, i) => value - right[i]!)) / (norm(right) || 1);
}

const all: [string, QuantizedCase][] = [...Object.entries(quantizedCases), ...moreQuantizedCases];

for (const [name, { dims, rounded, real }] of all) {
  Deno.test(`addGradients() passes straight through ${name}`, async () => {
    const x = onGrid(dims);
    const [integer, float] = [modelOf(dims, rounded), modelOf(dims, real)];
    const [found, expected] = [await gradientOf(integer, x), await gradientOf(float, x)];
    // Dynamic scales do not have the grid of x.
    const exact = !name.includes("Dynamic");
    const error = distance(found["grad.x"], expected["grad.x"]);
    assert(error < (exact ? 2e-5 : 1e-2), `gradient differs by ${error}`);
    assert(distance(found["y"], (await runOnce(integer, { x }))["y"]) < 1e-6);
    assert(Math.hypot(...list(found["grad.x"])) > 0);
  });
}

function refused(model: Model, straightThrough: boolean): DiagnosticError {
  return assertThrows(
    () => addGradients(model, { of: "y", wrt: ["x"], straightThrough }),
    DiagnosticError,
  );
}

Deno.test("addGradients() refuses rounded activations by the node's own name, and says how to allow them", () => {
  for (const [op, { dims, rounded }] of Object.entries(quantizedCases)) {
    const model = modelOf(dims, rounded);
    const { diagnostics } = refused(model, false);
    const type = op.split(".").at(-1)!;
    const own = diagnostics.find(({ message }) => message.includes(`(${type})`));
    assertEquals(own?.code, "quantized-activation", op);
    assert(own?.notes?.[0]?.includes("straightThrough: true"), op);
    assertEquals(unsupportedNodes(model), diagnostics);
    assertEquals(unsupportedNodes(model, { straightThrough: true }), [], op);
  }
});

Deno.test("addGradients() refuses arithmetic of rounded activations that has no meaning in floats", () => {
  const model = modelOf([4], (b, x) => {
    const q = b.op("QuantizeLinear", [x, b.scalar(1)]);
    const squared = b.op("Mul", [b.op("Cast", [q], { to: 6 }), b.op("Cast", [q], { to: 6 })]);
    return b.op("Cast", [squared], { to: 1 });
  });
  const { diagnostics } = refused(model, true);
  assertEquals(diagnostics.length, 1);
  assert(diagnostics[0]!.message.includes("(Mul): it computes with rounded activations"));
});

Deno.test("addGradients() gives the gradients of learned step sizes", async () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [3]);
  const s = b.initializer("s", floats([], 0.5));
  const zero = b.constant({ dtype: "int8", dims: [], data: Int8Array.of(0) });
  b.output(b.op("DequantizeLinear", [b.op("QuantizeLinear", [x, s, zero]), s, zero]), "y");
  const step = addGradients(b.finish(), { of: "y", wrt: ["s"], straightThrough: true });
  const results = await runOnce(step, { x: floats([3], 0.6, -0.9, 100) });
  // round(x/s) − x/s in range, the bound beyond it (Esser et al. 2020).
  assertEquals(list(results["grad.s"]).map((v) => v.toFixed(4)), [(-0.2 - 0.2 + 127).toFixed(4)]);
});
