import { assert, assertEquals } from "@std/assert";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { float, GraphBuilder, type Value } from "../../../lib/onnx/build/builder.ts";
import { checkModel } from "../../../lib/onnx/infer/check.ts";
import type { Model } from "../../../lib/onnx/ir/model.ts";
import { Random } from "../../../lib/tensor/random.ts";
import { sizeOf, type Tensor, tensor } from "../../../lib/tensor/tensor.ts";
import { peakOfValues } from "../../rigs/liveness.ts";
import { runOnce } from "../gradient_case.ts";

const [rows, width] = [5, 8];

/** Random numbers around 0. */
function draw(random: Random, ...dims: number[]): Tensor {
  const data = Float32Array.from({ length: sizeOf(dims) }, () => random.normal() / 3);
  return tensor("float32", dims, data);
}

/** Layers x + W tanh(LayerNorm(x) V), as a transformer has them. */
function stack(layers: number, withMask = false): Model {
  const random = new Random(1);
  const b = new GraphBuilder();
  let x = b.input("x", "float32", ["batch", rows, width]);
  const weight = (...dims: number[]) => b.constant(draw(random, ...dims));
  for (let layer = 0; layer < layers; layer++) {
    const normal = b.op("LayerNormalization", [x, weight(width), weight(width)], { axis: -1 });
    const scores = b.op("MatMul", [normal, b.op("Transpose", [normal], { perm: [0, 2, 1] })]);
    const seen = withMask ? b.op("Mul", [scores, weight(rows, rows)]) : scores;
    const mixed = b.op("MatMul", [b.op("Softmax", [seen], { axis: -1 }), normal]);
    const inner: Value = b.op("LeakyRelu", [b.op("MatMul", [mixed, weight(width, 3 * width)])], {
      alpha: float(0.1),
    });
    x = b.op("Add", [x, b.op("MatMul", [b.op("Tanh", [inner]), weight(3 * width, width)])]);
  }
  b.output(x, "y");
  return b.finish();
}

const feeds = {
  x: draw(new Random(2), 2, rows, width),
  "ct.y": draw(new Random(3), 2, rows, width),
};

function gradients(model: Model): readonly Model[] {
  const request = { cotangents: ["y"], wrt: ["x"] };
  const kept = addGradients(model, request);
  const again = addGradients(model, { ...request, rematerialize: "blocks" });
  return [kept, again];
}

Deno.test("addGradients() gives the same gradients with blocks recomputed", async () => {
  for (const withMask of [false, true]) {
    const [kept, again] = gradients(stack(4, withMask));
    assertEquals(checkModel(again!), []);
    const [before, after] = [await runOnce(kept!, feeds), await runOnce(again!, feeds)];
    assertEquals(after["grad.x"], before["grad.x"]);
  }
});

Deno.test("addGradients() computes all blocks but the last again", () => {
  const count = ({ graph }: Model) =>
    graph.nodes.filter(({ opType }) => opType === "Softmax").length;
  const [kept, again] = gradients(stack(6));
  assertEquals([count(kept!), count(again!)], [6, 11]);
});

Deno.test("addGradients() keeps fewer values with blocks recomputed", () => {
  const peaks = (layers: number) =>
    gradients(stack(layers)).map(({ graph }) => peakOfValues(graph));
  const [shallow, deep] = [peaks(4), peaks(12)];
  const growth = (at: number) => (deep[at]! - shallow[at]!) / 8;
  assert(growth(0) >= 6, `a layer keeps ${growth(0)} values`);
  assert(growth(1) <= 1, `a recomputed layer keeps ${growth(1)} values`);
});

Deno.test("addGradients() has nothing to recompute in a chain without blocks", () => {
  const b = new GraphBuilder();
  let x = b.input("x", "float32", [2]);
  for (let i = 0; i < 30; i++) x = b.op(i % 2 === 0 ? "Sin" : "Tanh", [x]);
  b.output(x, "y");
  const [kept, again] = gradients(b.finish());
  assertEquals(again!.graph.nodes.length, kept!.graph.nodes.length);
});
