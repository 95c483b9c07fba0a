import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { zooArchitectures } from "../../lib/zoo/zoo_table.ts";
import { openClipDirectory, openModelDirectory } from "../../lib/models/directory.ts";
import { openTextEncoder } from "../../lib/models/instruction_text.ts";
import { decodeModel } from "../../lib/onnx/codec/decode.ts";
import { tensorFromWeight } from "../../lib/onnx/ir/weight.ts";
import { visionStem } from "../../lib/models/vision_stem.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { zeros } from "../../lib/tensor/tensor.ts";

const root = new URL("../../zoo/", import.meta.url).pathname;
const names = [...Deno.readDirSync(root)].filter((entry) => entry.isDirectory)
  .map(({ name }) => name).sort();
const languageModels = names.filter((name) => name !== "mini-clip");

/** Models on one encoder. */
const pairs = [
  ["mini-bliva", "mini-frozen"],
  ["mini-blip2", "mini-instructblip"],
  ["mini-convllava", "mini-visualglm"],
  ["mini-minigpt4", "mini-vpgtrans"],
];

/** Bytes of all files in a folder. */
function sizeOfFolder(path: string): number {
  let size = 0;
  for (const { name, isDirectory } of Deno.readDirSync(path)) {
    const inner = join(path, name);
    size += isDirectory ? sizeOfFolder(inner) : Deno.statSync(inner).size;
  }
  return size;
}

Deno.test("the zoo has a CLIP and a model of every architecture, in 40 MB", () => {
  assertEquals(names, [...Object.keys(zooArchitectures), "mini-clip"].sort());
  const sizes = names.map((name) => sizeOfFolder(join(root, name)));
  names.forEach((name, i) => assert(sizes[i]! <= 10e6, `${name} has ${sizes[i]} bytes`));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  assert(total <= 40e6, `${total} bytes`);
});

Deno.test("the zoo's language models open, and place images in their texts", async () => {
  for (const name of languageModels) {
    const text = await openTextEncoder(await openModelDirectory(join(root, name)));
    const { ids } = text.instruction("This is a photo of a");
    const images = ids.filter((id) => id === text.imageToken).length;
    assertEquals(images, text.imageTokens, name);
    assertEquals(text.decode(text.answer("truck")).trim(), "truck", name);
  }
});

Deno.test("the zoo's language models are pairs on four encoders", async () => {
  const onEncoder: Record<string, string[]> = {};
  for (const name of languageModels) {
    const directory = await openModelDirectory(join(root, name));
    const stem = visionStem(await directory.readPart("vision_encoder"));
    (onEncoder[stem ?? name] ??= []).push(name);
  }
  const found = Object.values(onEncoder).map((models) => models.sort());
  assertEquals(new Set(found.map(String)), new Set(pairs.map(String)));
});

Deno.test("the models of a pair have all weights of their encoder in common", async () => {
  for (const pair of pairs) {
    const [a, b] = await Promise.all(pair.map(async (name) => {
      const bytes = await Deno.readFile(join(root, name, "onnx", "vision_encoder.onnx"));
      const weights = [...decodeModel(bytes).graph.initializers]
        .filter(([weight]) => /^(vision_model|convnext|resnet)\./.test(weight));
      return Object.fromEntries(weights.map(([weight, x]) => [weight, tensorFromWeight(x)]));
    }));
    assert(Object.keys(a!).length > 20, `${pair}: ${Object.keys(a!).length} weights`);
    assertEquals(a, b, `${pair}`);
  }
});

Deno.test("the zoo's CLIP embeds images and texts in one space", async () => {
  const directory = await openClipDirectory(join(root, "mini-clip"));
  const options = { provider: "cpu", threads: 1 } as const;
  await using vision = await openSession(await directory.readPart("vision_model"), options);
  const { image_embeds: image } = await vision.run({
    pixel_values: zeros("float32", [2, 3, 64, 64]),
  });
  await using text = await openSession(await directory.readPart("text_model"), options);
  const { text_embeds: caption } = await text.run({
    input_ids: zeros("int64", [3, 4]),
    attention_mask: zeros("int64", [3, 4]),
  });
  assertEquals(image!.dims, [2, 96]);
  assertEquals(caption!.dims, [3, 96]);
  assert(Number(directory.config.logit_scale_init_value) > 1);
});
