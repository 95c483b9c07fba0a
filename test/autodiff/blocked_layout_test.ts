import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import * as ort from "onnxruntime-node";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { decodeModel } from "../../lib/onnx/codec/decode.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { sizeOf, type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { compareTensors } from "../tools/golden/compare.ts";

const random = new Random(7);
const normal = (...dims: number[]): Tensor =>
  tensor("float32", dims, Float32Array.from({ length: sizeOf(dims) }, () => 0.3 * random.normal()));

const pads = [1, 1, 1, 1];

/** An image of 16 channels, 8 by 8: every kind of op that ONNX Runtime computes in blocks. */
function blocks(b: GraphBuilder, image: Value): Value {
  const conv = (x: Value, dims: number[], attributes = {}) =>
    b.op("Conv", [x, b.constant(normal(...dims)), b.constant(normal(dims[0]!))], attributes);
  const first = b.op("Relu", [conv(image, [16, 3, 3, 3], { pads })]);
  const depthwise = conv(first, [16, 1, 3, 3], { pads, group: 16 });
  const sum = b.op("Add", [conv(depthwise, [16, 16, 1, 1]), first]);
  const narrow = b.op("Relu", [conv(sum, [32, 16, 1, 1])]);
  const pooled = b.op("MaxPool", [narrow], { kernel_shape: [2, 2], strides: [2, 2] });
  const average = b.op("AveragePool", [conv(pooled, [32, 32, 3, 3], { pads, strides: [2, 2] })], {
    kernel_shape: [2, 2],
    pads: [0, 0, 1, 1],
    count_include_pad: 1,
  });
  const scales = b.constant(tensor("float32", [4], new Float32Array([1, 1, 2, 2])));
  const larger = b.op("Resize", [average, undefined, scales], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
  return conv(larger, [5, 32, 3, 3], { pads });
}

function network(): Model {
  const b = new GraphBuilder();
  const map = blocks(b, b.input("x", "float32", ["n", 3, 8, 8]));
  b.output(b.op("Add", [map, b.op("GlobalAveragePool", [map])]), "y");
  return b.finish();
}

/** The model as ONNX Runtime saves it with all its optimisations. */
async function optimised(model: Model): Promise<Model> {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "optimised.onnx");
  const session = await ort.InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel: "all",
    optimizedModelFilePath: file,
    logSeverityLevel: 3,
  });
  await session.release();
  const saved = decodeModel(await Deno.readFile(file));
  await Deno.remove(folder, { recursive: true });
  return saved;
}

async function gradientOf(model: Model, feeds: Record<string, Tensor>): Promise<Tensor> {
  const graph = addGradients(model, { cotangents: ["y"], wrt: ["x"] });
  await using session = await openSession(graph, { provider: "cpu", threads: 1 });
  return (await session.run(feeds))["grad.x"]!;
}

Deno.test("addGradients() undoes the layout in which ONNX Runtime saves convolutions", async () => {
  const plain = network();
  const saved = await optimised(plain);
  const ops = saved.graph.nodes.filter(({ domain }) => domain === "com.microsoft.nchwc");
  // Processors without such a layout have nothing to undo.
  if (Deno.build.arch === "x86_64") {
    const kinds = [...new Set(ops.map(({ opType }) => opType))].sort();
    assertEquals(kinds, [
      "AveragePool",
      "Conv",
      "MaxPool",
      "ReorderOutput",
      "Upsample",
    ]);
  }
  const feeds = { "x": normal(2, 3, 8, 8), "ct.y": normal(2, 5, 4, 4) };
  const [expected, got] = [await gradientOf(plain, feeds), await gradientOf(saved, feeds)];
  const { error, ok } = compareTensors(got, expected, { rtol: 1e-5, atol: 1e-6 });
  assert(ok, `is off by ${error}`);
});
