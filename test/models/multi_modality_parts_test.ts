import { assertEquals } from "@std/assert";
import { multiModalityParts } from "../../lib/models/multi_modality_parts.ts";
import type { ModelPart } from "../../lib/models/weight_types.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

const width = 3;

/** Each token's row of a table; where the mask says so a feature of the image, in order. */
function prepare(): Model {
  const builder = new GraphBuilder({ opset: 17 });
  const ids = builder.input("input_ids", "int64", ["batch", "length"]);
  const pixels = builder.input("pixel_values", "float32", ["batch", "images", 3, 2, 2]);
  const inText = builder.input("images_seq_mask", "bool", ["batch", "length"]);
  const inImage = builder.input("images_emb_mask", "bool", ["batch", "images", "rows"]);
  const data = Float32Array.from({ length: 5 * width }, (_, i) => i);
  const words = builder.op("Gather", [builder.constant(tensor("float32", [5, width], data)), ids]);
  const rows = builder.op("Reshape", [pixels, builder.int64s([-1, width])]);
  const flags = builder.op("Reshape", [inImage, builder.int64s([-1])]);
  const features = builder.op("Compress", [rows, flags], { axis: 0 });
  const places = builder.op("Transpose", [builder.op("NonZero", [inText])], { perm: [1, 0] });
  builder.output(builder.op("ScatterND", [words, places, features]), "inputs_embeds");
  return builder.finish();
}

function language(): Model {
  const builder = new GraphBuilder({ opset: 17 });
  const embeds = builder.input("inputs_embeds", "float32", ["batch", "length", width]);
  const past = builder.input("past_key_values.0.key", "float32", ["batch", 1, "past", 1]);
  builder.output(builder.op("Neg", [embeds]), "hidden_states");
  builder.output(builder.op("Identity", [past]), "present.0.key");
  return builder.finish();
}

function head(): Model {
  const builder = new GraphBuilder({ opset: 17 });
  const states = builder.input("hidden_states", "float32", ["batch", "length", width]);
  builder.output(builder.op("Mul", [states, states]), "logits");
  return builder.finish();
}

const files: Partial<Record<ModelPart, () => Model>> = {
  prepare_inputs_embeds: prepare,
  language_model: language,
  lm_head: head,
};

async function run(
  part: ModelPart,
  feeds: Record<string, Tensor>,
): Promise<Record<string, Tensor>> {
  const read = (name: ModelPart) => Promise.resolve(files[name]!());
  const model = await multiModalityParts[part]!(read, { num_image_tokens: 4 });
  await using session = await openSession(model, { provider: "cpu", threads: 1 });
  return await session.run(feeds);
}

Deno.test("image features are what a text of image tokens alone becomes", async () => {
  const data = Float32Array.from({ length: 24 }, (_, i) => i);
  const { image_features } = await run("vision_encoder", {
    pixel_values: tensor("float32", [2, 3, 2, 2], data),
  });
  assertEquals([image_features!.dims, image_features!.data], [[2, 4, width], data]);
});

Deno.test("the language model has its head, and keeps what it keeps", async () => {
  const key = tensor("float32", [1, 1, 1, 1], Float32Array.of(7));
  const results = await run("decoder_model_merged", {
    inputs_embeds: tensor("float32", [1, 1, width], Float32Array.of(1, 2, 3)),
    "past_key_values.0.key": key,
  });
  assertEquals(Object.keys(results), ["logits", "present.0.key"]);
  assertEquals(results.logits!.data, Float32Array.of(1, 4, 9));
  assertEquals(results["present.0.key"], key);
});
