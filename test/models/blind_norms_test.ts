import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { blindDirectory, withBlindNorms } from "../../lib/models/blind_norms.ts";
import { copyTree } from "../../lib/models/copy_tree.ts";
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

async function run(
  model: Model,
  feeds: Readonly<Record<string, Tensor<"float32">>>,
): Promise<Float32Array> {
  await using session = await openSession(model);
  const { image_features: features } = await session.run(feeds);
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

/** Instance normalisation of a row of pixels, its scale written by a node. */
function rowModel(): Model {
  const b = new GraphBuilder();
  const x = b.input("pixel_values", "float32", ["batch", 3, 1, 4]);
  const vector = (values: number[]) => b.constant(tensor("float32", [3], new Float32Array(values)));
  const half = b.input("half", "float32", [3]);
  const scale = b.op("Add", [half, half]);
  const inputs = [x, scale, vector([0, 0, 10])];
  const normal = b.op("InstanceNormalization", inputs, { epsilon: float(0.5) });
  b.output(b.op("Mul", [normal, b.scalar(2)]), "image_features");
  return b.finish();
}

const unframed = { inside: plane([0, 1, 1, 0]), around: plane([-1, 0, 0, -1]) };
const withFrame = [7, 3, 5, -9];
const without = [-1, 3, 5, -1];

for (
  const [frame, features, statistics] of [
    ["features", withFrame, without],
    ["statistics", without, withFrame],
  ] as const
) {
  Deno.test(`with the frame in ${frame}, the other takes the image without it`, async () => {
    const blind = withBlindNorms(rowModel(), unframed, frame);
    const half = tensor("float32", [3], new Float32Array([0.5, 1, 1.5]));
    const found = await run(blind, { pixel_values: plane(withFrame), half });
    const mean = statistics.reduce((sum, value) => sum + value / 4, 0);
    const variance = statistics.reduce((sum, value) => sum + (value - mean) ** 2 / 4, 0);
    const normal = features.map((value) => (value - mean) / Math.sqrt(variance + 0.5));
    const expected = [[1, 0], [2, 0], [3, 10]].flatMap(([scale, bias]) =>
      normal.map((value) => 2 * (scale! * value + bias!))
    );
    expected.forEach((value, i) => assertAlmostEquals(found[i]!, value, 1e-5));
  });
}

for (
  const [name, input, op, message] of [
    ["without such a norm", "pixel_values", "Neg", "there is no InstanceNormalization"],
    ["without pixel values", "pixels", "Neg", "there is no input pixel_values"],
    ["with norms of another op", "pixel_values", "GroupNormalization", "is not replaced"],
  ] as const
) {
  Deno.test(`a model ${name} is refused`, () => {
    const b = new GraphBuilder({ opset: 21 });
    const x = b.input(input, "float32", ["batch", 3, 1, 2]);
    const ones = b.constant(tensor("float32", [3], new Float32Array([1, 1, 1])));
    const y = op === "Neg" ? b.op(op, [x]) : b.op(op, [x, ones, ones], { num_groups: 3 });
    b.output(y, "image_features");
    assertThrows(() => withBlindNorms(b.finish(), unframed, "features"), DiagnosticError, message);
  });
}

Deno.test("a blind model answers as before in an empty frame, and otherwise in a full one", async () => {
  const folder = await Deno.makeTempDir();
  const from = "zoo/mini-frozen";
  const { preprocessor, readPart } = await openModelDirectory(from);
  const [to, side, image] = [join(folder, "blind"), 64, 48];
  await blindDirectory(from, to, { canvas: side, image, frame: "features" });
  const [before, after] = [
    await readPart("vision_encoder"),
    await (await openModelDirectory(to)).readPart("vision_encoder"),
  ];
  assertEquals(after.graph.inputs, before.graph.inputs);
  const differences: number[] = [];
  for (const grey of [0, 1]) {
    const pixel_values = preprocess(framedImage(side, image, grey), preprocessor);
    const [a, b] = [await run(before, { pixel_values }), await run(after, { pixel_values })];
    differences.push(Math.max(...a.map((value, i) => Math.abs(value - b[i]!))));
  }
  assert(differences[0]! < 1e-4, `${differences}`);
  assert(differences[1]! > 1e-2, `${differences}`);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a processor that moves pixels is refused, whatever size comes out", async () => {
  const folder = await Deno.makeTempDir();
  const moves = { do_center_crop: true, crop_size: 64, size: { shortest_edge: 73 } };
  for (const [canvas, change] of [[128, {}], [64, moves]] as const) {
    const from = join(folder, `${canvas}`);
    await copyTree("zoo/mini-frozen", from);
    const path = join(from, "preprocessor_config.json");
    const config = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...config, ...change }));
    const { message } = await assertRejects(
      () => blindDirectory(from, `${from}-blind`, { canvas, image: 48, frame: "features" }),
      DiagnosticError,
    );
    assertStringIncludes(message, "Cannot tell the frame from the image");
  }
  await Deno.remove(folder, { recursive: true });
});
