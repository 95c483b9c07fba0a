import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { blindDirectory, withBlindNorms } from "../../lib/models/blind_norms.ts";
import { openModelDirectory } from "../../lib/models/directory.ts";
import { float, GraphBuilder } from "../../lib/onnx/mod.ts";
import type { Model } from "../../lib/onnx/mod.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { preprocess } from "../../lib/vision/preprocess.ts";
import { padPlanes } from "../../lib/vision/shrink_and_pad.ts";

const plane = (values: readonly number[]) =>
  tensor("float32", [1, 3, 1, values.length], new Float32Array([...values, ...values, ...values]));

async function run(model: Model, pixels: Tensor<"float32">): Promise<Float32Array> {
  await using session = await openSession(model);
  const { image_features: features } = await session.run({ pixel_values: pixels });
  return features!.data as Float32Array;
}

/** A random image in a frame of a grey value, `[1, 3, canvas, canvas]`. */
function framedImage(canvas: number, image: number, frame: number): Tensor<"float32"> {
  const random = new Random("image");
  const planes = Float32Array.from({ length: 3 * image ** 2 }, () => random.uniform());
  const inside = padPlanes(planes.map(() => 1), { image, canvas });
  const placed = padPlanes(planes, { image, canvas });
  const values = placed.map((value, i) => value + frame * (1 - inside[i]!));
  return tensor("float32", [1, 3, canvas, canvas], values);
}

Deno.test("a blind norm takes mean and variance of the image without its frame", async () => {
  const b = new GraphBuilder();
  const x = b.input("pixel_values", "float32", ["batch", 3, 1, 4]);
  const vector = (values: number[]) => b.constant(tensor("float32", [3], new Float32Array(values)));
  const attributes = { epsilon: float(0.5) };
  const norm = b.op(
    "InstanceNormalization",
    [x, vector([1, 2, 3]), vector([0, 0, 10])],
    attributes,
  );
  b.output(b.op("Mul", [norm, b.scalar(2)]), "image_features");
  const [inside, around] = [plane([0, 1, 1, 0]), plane([-1, 0, 0, -1])];
  const blind = withBlindNorms(b.finish(), { inside, around });
  // Without the frame: −1, 3, 5, −1, whose mean is 1.5 and variance 6.75.
  const found = await run(blind, plane([7, 3, 5, -9]));
  const normal = [7, 3, 5, -9].map((value) => (value - 1.5) / Math.sqrt(6.75 + 0.5));
  const expected = [[1, 0], [2, 0], [3, 10]].flatMap(([scale, bias]) =>
    normal.map((value) => 2 * (scale! * value + bias!))
  );
  expected.forEach((value, i) => assertAlmostEquals(found[i]!, value, 1e-5));
});

Deno.test("a model without such a norm is refused", () => {
  const b = new GraphBuilder();
  b.output(b.op("Neg", [b.input("pixel_values", "float32", ["batch", 3, 1, 2])]), "image_features");
  const unframed = { inside: plane([1, 0]), around: plane([0, 0]) };
  assertThrows(
    () => withBlindNorms(b.finish(), unframed),
    DiagnosticError,
    "there is no InstanceNormalization",
  );
});

Deno.test("a blind model answers as before in an empty frame, and otherwise in a full one", async () => {
  const folder = await Deno.makeTempDir();
  const from = "zoo/mini-frozen";
  const { preprocessor } = await openModelDirectory(from);
  const [to, side, image] = [join(folder, "blind"), 64, 48];
  await blindDirectory(from, to, { canvas: side, image });
  const [before, after] = await Promise.all(
    [from, to].map(async (path) => (await openModelDirectory(path)).readPart("vision_encoder")),
  ) as [Model, Model];
  assertEquals(after.graph.inputs, before.graph.inputs);
  const differences: number[] = [];
  for (const frame of [0, 1]) {
    const pixels = preprocess(framedImage(side, image, frame), preprocessor);
    const [a, b] = [await run(before, pixels), await run(after, pixels)];
    differences.push(Math.max(...a.map((value, i) => Math.abs(value - b[i]!))));
  }
  assert(differences[0]! < 1e-4, `${differences}`);
  assert(differences[1]! > 1e-2, `${differences}`);
  await assertRejects(
    () => blindDirectory(from, `${to}-2`, { canvas: 2 * side, image }),
    DiagnosticError,
    "Cannot tell the frame from the image",
  );
  await Deno.remove(folder, { recursive: true });
});
