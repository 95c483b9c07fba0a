import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { zooArchitectures } from "../../lib/zoo/zoo_table.ts";
import { openClipDirectory, openModelDirectory } from "../../lib/models/directory.ts";
import { openTextEncoder } from "../../lib/models/instruction_text.ts";
import { decodeModel } from "../../lib/onnx/codec/decode.ts";
import { tensorFromWeight } from "../../lib/onnx/ir/weight.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { zeros } from "../../lib/tensor/tensor.ts";

const root = new URL("../../zoo/", import.meta.url).pathname;
const names = [...Deno.readDirSync(root)].filter((entry) => entry.isDirectory)
  .map(({ name }) => name).sort();
const languageModels = names.filter((name) => name !== "mini-clip");
const relatives = languageModels.filter((name) => name !== "mini-convllava");

/** Bytes of all files in a folder. */
function sizeOfFolder(path: string): number {
  let size = 0;
  for (const { name, isDirectory } of Deno.readDirSync(path)) {
    const inner = join(path, name);
    size += isDirectory ? sizeOfFolder(inner) : Deno.statSync(inner).size;
  }
  return size;
}

Deno.test("the zoo has a CLIP and six language models on one encoder, each at most 10 MB", () => {
  assert(names.includes("mini-clip"), `${names}`);
  assertEquals(relatives.length, 6, `${names}`);
  assert(languageModels.every((name) => name in zooArchitectures), `${names}`);
  const sizes = names.map((name) => sizeOfFolder(join(root, name)));
  names.forEach((name, i) => assert(sizes[i]! <= 10e6, `${name} has ${sizes[i]} bytes`));
  assert(sizes.reduce((sum, size) => sum + size, 0) <= 60e6);
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

Deno.test("the zoo's language models share one encoder, but for those with one of their own", async () => {
  const encoders = await Promise.all(relatives.map(async (name) => {
    const bytes = await Deno.readFile(join(root, name, "onnx", "vision_encoder.onnx"));
    const { graph } = decodeModel(bytes);
    return Object.fromEntries(
      [...graph.initializers].filter(([weight]) => weight.startsWith("vision_model."))
        .map(([weight, value]) => [weight, tensorFromWeight(value)]),
    );
  }));
  assert(Object.keys(encoders[0]!).length > 40);
  for (const [i, encoder] of encoders.entries()) {
    assertEquals(encoder, encoders[0], relatives[i]);
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
