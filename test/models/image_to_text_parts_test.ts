import { assertEquals } from "@std/assert";
import { imageToTextParts } from "../../lib/models/image_to_text_parts.ts";
import type { ModelPart } from "../../lib/models/weight_types.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

/** Six patches of eight pixels are the states. */
function encoder(): Model {
  const builder = new GraphBuilder({ opset: 17 });
  const pixels = builder.input("pixel_values", "float32", ["batch", 3, 4, 4]);
  builder.output(builder.op("Reshape", [pixels, builder.int64s([-1, 6, 8])]), "last_hidden_state");
  return builder.finish();
}

/** A row of a table for each id, and what the states hold on the mean. */
function decoder(): Model {
  const builder = new GraphBuilder({ opset: 17 });
  const ids = builder.input("input_ids", "int64", ["batch", "length"]);
  const states = builder.input("encoder_hidden_states", "float32", ["batch", "patches", 8]);
  const table = builder.constant(
    tensor("float32", [5, 8], Float32Array.from({ length: 40 }, (_, i) => i)),
  );
  const mean = builder.op("ReduceMean", [states], { axes: [1], keepdims: 1 });
  builder.output(builder.op("Add", [builder.op("Gather", [table, ids]), mean]), "logits");
  return builder.finish();
}

const files: Partial<Record<ModelPart, () => Model>> = {
  encoder_model: encoder,
  decoder_model_merged: decoder,
};

async function run(part: ModelPart, feeds: Record<string, Tensor>): Promise<Tensor> {
  const read = (name: ModelPart) => Promise.resolve(files[name]!());
  const model = await imageToTextParts[part]!(read, {});
  await using session = await openSession(model, { provider: "cpu", threads: 1 });
  return Object.values(await session.run(feeds))[0]!;
}

const ids = tensor("int64", [1, 3], BigInt64Array.of(4n, 0n, 2n));
const pixels = tensor("float32", [1, 3, 4, 4], Float32Array.from({ length: 48 }, (_, i) => i));
const states = tensor("float32", [1, 6, 8], pixels.data);

Deno.test("the encoder's states are the image features, and what the decoder reads", async () => {
  const features = await run("vision_encoder", { pixel_values: pixels });
  assertEquals([features.dims, features.data], [[1, 6, 8], pixels.data]);
  assertEquals(await run("encoder_model", { inputs_embeds: states }), states);
  const text = await run("embed_tokens", { input_ids: ids });
  assertEquals([text.dims, text.data], [[1, 3, 8], new Float32Array(24)]);
});

Deno.test("ids pass to a decoder that has its table inside", async () => {
  const embeds = await run("decoder_embed_tokens", { input_ids: ids });
  assertEquals(embeds, tensor("float32", [1, 3, 1], Float32Array.of(4, 0, 2)));
  await using plain = await openSession(decoder(), { provider: "cpu", threads: 1 });
  const { logits } = await plain.run({ input_ids: ids, encoder_hidden_states: states });
  const feeds = { inputs_embeds: embeds, encoder_hidden_states: states };
  assertEquals(await run("decoder_model_merged", feeds), logits);
});
