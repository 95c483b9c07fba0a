import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { readEncoder } from "../../lib/training/encoder_directory.ts";
import { writeDirectory } from "../../lib/training/write_directory.ts";
import { encoderFiles } from "../../lib/zoo/directory_files.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { seededWeights, storedWeights } from "../../lib/zoo/module.ts";
import { visionEncoder } from "../../lib/zoo/vision_encoder.ts";
import { zooEncoders } from "../../lib/zoo/zoo_table.ts";

const pixels = { image_mean: [0.5, 0.4, 0.3], image_std: [0.2, 0.25, 0.3] };

Deno.test("readEncoder() reads every encoder of the zoo as it was written", async () => {
  const folder = await Deno.makeTempDir();
  for (const [name, { sizes }] of Object.entries(zooEncoders)) {
    const path = join(folder, name);
    await writeDirectory(path, encoderFiles(sizes, seededWeights(3), pixels));
    const found = await readEncoder(path);
    const stem = sizes.model_type === "clip_vision_model" ? { stem: "convolutions" } : {};
    assertEquals(found.sizes as unknown, { ...stem, ...sizes }, name);
    assertEquals(found.pixels, pixels, name);
    const again = visionEncoder(found.sizes, storedWeights(found.weights));
    assertEquals(encodeModel(again), encodeModel(visionEncoder(sizes, seededWeights(3))), name);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("readEncoder() says what is wrong with a model of another kind", async () => {
  const path = await Deno.makeTempDir();
  const json = { "config.json": { model_type: "llava", hidden_size: 3 } };
  await writeDirectory(path, { json, graphs: {} });
  await assertRejects(
    () => readEncoder(path),
    RangeError,
    `Cannot build on the encoder: "model_type" of its config.json is not what pretrain-model writes ` +
      "for an encoder: Invalid discriminator value. Expected 'clip_vision_model' | 'convnext' | " +
      "'resnet'",
  );
  await Deno.remove(path, { recursive: true });
});
