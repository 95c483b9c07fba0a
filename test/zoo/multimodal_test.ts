import { assertEquals } from "@std/assert";
import { planMultimodal } from "../../lib/zoo/multimodal_files.ts";
import { seededWeights } from "../../lib/zoo/module.ts";
import { imageRows, visionEncoderModel } from "../../lib/zoo/multimodal.ts";
import { visionEncoder } from "../../lib/zoo/vision_encoder.ts";
import { zooEncoders } from "../../lib/zoo/encoder_table.ts";
import { zooArchitectures } from "../../lib/zoo/zoo_table.ts";
import { checkModel } from "../../lib/onnx/infer/check.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { tensor, zeros } from "../../lib/tensor/tensor.ts";

const pixels = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };
/** Every architecture on an encoder, and every encoder under an architecture. */
const plans = Object.entries(zooArchitectures).map(([architecture, row], index) => {
  const corpus = ["a red bird", "what kind is it?"];
  const encoders = Object.entries(zooEncoders);
  const [encoder, { sizes: vision }] = encoders[index % encoders.length]!;
  return {
    name: `${architecture} on ${encoder}`,
    vision,
    plan: planMultimodal(row, { vision, corpus, pixels }),
  };
});

Deno.test("visionEncoderModel() gives the rows of features that config.json says", async () => {
  for (const { name, vision, plan: { sizes, json } } of plans) {
    const model = visionEncoderModel(sizes, seededWeights(1));
    assertEquals(checkModel(model), [], name);
    await using session = await openSession(model, { provider: "cpu", threads: 1 });
    const instruction = session.inputs.length === 1 ? {} : {
      qformer_input_ids: tensor("int64", [2, 3], new BigInt64Array(6).fill(7n)),
      qformer_attention_mask: tensor("int64", [2, 3], BigInt64Array.of(1n, 1n, 1n, 1n, 0n, 0n)),
    };
    const { image_features: features } = await session.run({
      pixel_values: zeros("float32", [2, 3, vision.image_size, vision.image_size]),
      ...instruction,
    });
    assertEquals(features!.dims, [2, imageRows(sizes), sizes.text.hidden_size], name);
    const config = json["config.json"] as Record<string, unknown>;
    assertEquals(config.image_seq_length, imageRows(sizes), name);
  }
});

Deno.test("visionEncoderModel() begins with its encoder", () => {
  for (const { name, vision, plan } of plans) {
    const encoder = visionEncoder(vision, seededWeights(1)).graph;
    const nodes = encoder.nodes.filter(({ opType }) => opType !== "Identity");
    const { graph } = visionEncoderModel(plan.sizes, seededWeights(1));
    assertEquals(graph.nodes.slice(0, nodes.length), nodes, name);
    for (const [weight, value] of encoder.initializers) {
      assertEquals(graph.initializers.get(weight), value, `${name} ${weight}`);
    }
  }
});

Deno.test("planMultimodal() gives every model a vocabulary of its own, and ids that are in it", () => {
  const sizes = new Set<number>();
  for (const { name, plan: { json, sizes: { text } } } of plans) {
    const config = json["config.json"] as Record<string, number>;
    const { vocab } =
      (json["tokenizer.json"] as { model: { vocab: Record<string, number> } }).model;
    assertEquals(Object.values(vocab).includes(config.image_token_index!), true, name);
    assertEquals(text.vocab_size, Object.keys(vocab).length, name);
    sizes.add(text.vocab_size);
  }
  assertEquals(sizes.size > 1, true);
});
