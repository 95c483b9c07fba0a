import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { castTensor } from "../../lib/tensor/convert.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { startWeights } from "../../lib/training/start_weights.ts";

const folder = await Deno.makeTempDir({ prefix: "tvp-start-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** A model whose one file has the weight `layer.weight` [2]. */
async function writeModel(): Promise<string> {
  const b = new GraphBuilder({ opset: 18 });
  const weight = b.initializer("layer.weight", tensor("float32", [2], Float32Array.of(3, 4)));
  b.output(b.op("Mul", [b.input("x", "float32", [2]), weight]), "y");
  await Deno.mkdir(join(folder, "onnx"), { recursive: true });
  await Deno.writeFile(join(folder, "onnx", "model.onnx"), encodeModel(b.finish()));
  return folder;
}

const random = (size: number) => tensor("float32", [size], new Float32Array(size).fill(1));

Deno.test("startWeights() takes weights of the same name and shape, and says how many", async () => {
  const model = { name: "zoo/a", path: await writeModel() };
  const lines: string[] = [];
  const given = { "layer.weight": random(2), "classifier.weight": random(3) };
  const weights = await startWeights(given, model, (line) => lines.push(line));
  assertEquals([...weights["layer.weight"]!.data], [3, 4]);
  assertEquals([...weights["classifier.weight"]!.data], [1, 1, 1]);
  assertEquals(lines, ["begins with 1 of 2 weights of zoo/a"]);
});

Deno.test("startWeights() takes weights that are stored in float16", async () => {
  const b = new GraphBuilder({ opset: 18 });
  const stored = castTensor(tensor("float32", [2], Float32Array.of(0.5, -3)), "float16");
  b.output(b.op("Cast", [b.initializer("layer.weight", stored)], { to: 1 }), "y");
  const path = await Deno.makeTempDir({ dir: folder });
  await Deno.mkdir(join(path, "onnx"));
  await Deno.writeFile(join(path, "onnx", "model.onnx"), encodeModel(b.finish()));
  const weights = await startWeights({ "layer.weight": random(2) }, { name: "zoo/a", path });
  assertEquals(weights["layer.weight"], tensor("float32", [2], Float32Array.of(0.5, -3)));
});

Deno.test("startWeights() refuses a model of another structure", async () => {
  const model = { name: "zoo/a", path: await writeModel() };
  await assertRejects(
    () => startWeights({ "layer.weight": random(5) }, model),
    RangeError,
    "Cannot begin with zoo/a: it has no weight of this architecture's names and shapes",
  );
});
