import { assertAlmostEquals, assertEquals } from "@std/assert";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { cutModel } from "../../lib/onnx/passes/cut_model.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { unitRows } from "../../lib/training/importance.ts";
import { gateLayers, residualLayers } from "../../lib/training/residual_layers.ts";

const cpu = { provider: "cpu", threads: 1 } as const;

/** x → x + 2x by a product → GELU's tanh form, a sum that is not a layer → + 3 of it. */
function twoLayers() {
  const b = new GraphBuilder({ opset: 18 });
  const x = b.input("pixel_values", "float32", [1, 1]);
  const weight = (value: number) => b.constant(tensor("float32", [1, 1], Float32Array.of(value)));
  const first = b.op("Add", [x, b.op("MatMul", [x, weight(2)])]);
  const cube = b.op("Mul", [b.op("Mul", [first, first]), first]);
  const smooth = b.op("Add", [first, b.op("Mul", [cube, b.scalar(0)])]);
  const branch = b.op("Gemm", [smooth, weight(3)]);
  b.output(first, "middle");
  b.output(b.op("Add", [branch, smooth]), "image_features");
  return b.finish();
}

const route = { from: "pixel_values", to: "image_features" };
const input = { pixel_values: tensor("float32", [1, 1], Float32Array.of(1)) };

Deno.test("residualLayers() finds sums of a value and what weights make of it, either way round", () => {
  const layers = residualLayers(twoLayers(), route);
  assertEquals(layers.length, 2);
  assertEquals(layers[0]!.skip, "pixel_values");
  assertEquals(residualLayers(twoLayers(), { from: "pixel_values", to: "middle" }).length, 1);
});

Deno.test("gateLayers() scales what layers add", async () => {
  const model = twoLayers();
  const gated = gateLayers(model, residualLayers(model, route));
  await using session = await openSession(gated, cpu);
  const scalar = (value: number) => tensor("float32", [], Float32Array.of(value));
  for (const [first, second] of [[1, 1], [0, 1], [1, 0], [0.5, 2]] as const) {
    const gates = { "layer_gate.0": scalar(first), "layer_gate.1": scalar(second) };
    const { image_features } = await session.run({ ...input, ...gates });
    const expected = (1 + 2 * first) * (1 + 3 * second);
    assertAlmostEquals(Number(image_features!.data[0]), expected, 1e-5);
  }
});

Deno.test("cutModel() makes an input of an output, also where others read what it passes on", async () => {
  const cut = cutModel(twoLayers(), ["middle"], ["image_features"]);
  assertEquals(cut.graph.inputs.map(({ name }) => name), ["middle"]);
  await using session = await openSession(cut, cpu);
  const middle = tensor("float32", [1, 1], Float32Array.of(5));
  const { image_features } = await session.run({ middle });
  assertAlmostEquals(Number(image_features!.data[0]), 20, 1e-5);
});

Deno.test("unitRows() makes every row of length 1, a row of zeros stays", () => {
  assertEquals([...unitRows(Float32Array.of(3, 4, 0, 0), 2)].map((x) => Math.round(10 * x)), [
    6,
    8,
    0,
    0,
  ]);
});
