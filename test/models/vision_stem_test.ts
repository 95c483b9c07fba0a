import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { openModelDirectory } from "../../lib/models/directory.ts";
import { visionStem } from "../../lib/models/vision_stem.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

/** An image scaled, convolved with a kernel, and one more product behind it. */
function encoder(kernel: number, projection: number) {
  const b = new GraphBuilder();
  const pixels = b.input("pixel_values", "float32", [1, 3, 2, 2]);
  const scaled = b.op("Mul", [
    pixels,
    b.constant(tensor("float32", [3, 1, 1], new Float32Array(3))),
  ]);
  const data = new Float32Array(12).fill(kernel);
  const weight = b.initializer("patch", tensor("float32", [1, 3, 2, 2], data));
  const tokens = b.op("Conv", [scaled, weight]);
  const last = b.initializer("projection", tensor("float32", [1, 1], Float32Array.of(projection)));
  b.output(b.op("MatMul", [tokens, last]), "image_features");
  return b.finish();
}

Deno.test("visionStem() is that of the patch embedding alone", () => {
  assertEquals(visionStem(encoder(1, 2)), visionStem(encoder(1, 3)));
  assertNotEquals(visionStem(encoder(1, 2)), visionStem(encoder(2, 2)));
});

Deno.test("visionStem() is undefined where no weight meets the pixels", () => {
  const b = new GraphBuilder();
  b.output(b.op("Relu", [b.input("pixel_values", "float32", [1, 3, 2, 2])]), "y");
  assertEquals(visionStem(b.finish()), undefined);
});

Deno.test("visionStem() finds the zoo's shared encoder", async () => {
  const stems = await Promise.all(["mini-minigpt4", "mini-vpgtrans"].map(async (name) => {
    const directory = await openModelDirectory(`zoo/${name}`);
    return visionStem(await directory.readPart("vision_encoder"));
  }));
  assert(stems[0]?.length === 64);
  assertEquals(stems[0], stems[1]);
});
