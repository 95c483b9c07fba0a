import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { storeDirectoryHalf } from "../../lib/models/store_directory_half.ts";
import { readEncoder } from "../../lib/training/encoder_directory.ts";
import { writeDirectory } from "../../lib/training/write_directory.ts";
import { encoderFiles } from "../../lib/zoo/vision_files.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { seededWeights, storedWeights } from "../../lib/zoo/module.ts";
import { visionEncoder } from "../../lib/zoo/vision_encoder.ts";
import { zooEncoders } from "../../lib/zoo/encoder_table.ts";

const pixels = { image_mean: [0.5, 0.4, 0.3], image_std: [0.2, 0.25, 0.3] };

Deno.test("readEncoder() reads every encoder of the zoo as it was written", async () => {
  const folder = await Deno.makeTempDir();
  for (const [name, { sizes }] of Object.entries(zooEncoders)) {
    const path = join(folder, name);
    await writeDirectory(path, encoderFiles(sizes, seededWeights(3), pixels));
    const found = await readEncoder(path);
    assertEquals(found.sizes, sizes, name);
    assertEquals(found.pixels, pixels, name);
    const again = visionEncoder(found.sizes, storedWeights(found.weights));
    assertEquals(encodeModel(again), encodeModel(visionEncoder(sizes, seededWeights(3))), name);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("readEncoder() reads an encoder whose weights are stored in float16", async () => {
  const folder = await Deno.makeTempDir();
  const { sizes } = zooEncoders["resnet-encoder"];
  const path = join(folder, "encoder");
  await writeDirectory(path, encoderFiles(sizes, seededWeights(3), pixels));
  await storeDirectoryHalf(path, `${path}-half`);
  const { weights } = await readEncoder(`${path}-half`);
  const name = "resnet.encoder.stages.0.layers.0.conv1.weight";
  const exact = (await readEncoder(path)).weights[name]!.data as Float32Array;
  assertEquals(weights[name]!.dtype, "float32");
  exact.forEach((value, i) => assertAlmostEquals(Number(weights[name]!.data[i]), value, 1e-3));
  visionEncoder(sizes, storedWeights(weights));
  await Deno.remove(folder, { recursive: true });
});

const mistaken: readonly [name: string, json: Record<string, unknown>, message: string][] = [
  [
    "a model of another kind",
    { "config.json": { model_type: "llava", hidden_size: 3 } },
    'config.json": model_type is "llava", expected clip_vision_model, convnext, resnet',
  ],
  ["no configuration", {}, 'config.json": there is no such file'],
  [
    "no preprocessor",
    { "config.json": { ...zooEncoders["resnet-encoder"].sizes } },
    'preprocessor_config.json": there is no such file',
  ],
];

Deno.test("readEncoder() says what is wrong with what is no encoder", async () => {
  for (const [name, json, message] of mistaken) {
    const path = await Deno.makeTempDir();
    await writeDirectory(path, { json, graphs: {} });
    const error = await assertRejects(() => readEncoder(path), DiagnosticError);
    assertEquals(error.message, `Cannot read "${path}/${message}`, name);
    await Deno.remove(path, { recursive: true });
  }
});
