import { assertEquals } from "@std/assert";
import { parseModelChoice, parseWeights, shownModel } from "../../lib/models/model_choice.ts";
import {
  missingWeights,
  suffixOrder,
  type WeightChoice,
  weightSuffixes,
} from "../../lib/models/weight_types.ts";

const types = Object.keys(weightSuffixes).join(", ");

Deno.test("a model is named with its weights or without", () => {
  const table: readonly [string, ReturnType<typeof parseModelChoice>][] = [
    ["zoo/a", { model: "zoo/a" }],
    ['{"model":"./a"}', { model: "./a" }],
    ['{"model":"./a","weights":"q4"}', { model: "./a", weights: "q4" }],
    ['{"model":"./a","weights":{"decoder":"q4f16"}}', {
      model: "./a",
      weights: { decoder: "q4f16" },
    }],
    ['{"weights":"q4"}', "its model is absent, expected a name"],
    ['{"model":"./a","wieghts":"q4"}', 'it has the key "wieghts", expected model and weights'],
    ['{"model":"./a","weights":"q3"}', `weights are of type "q3", expected one of ${types}`],
    ['{"model":"./a","weights":{"decoder":3}}', `weights are of type 3, expected one of ${types}`],
    ['{"model":"./a","weights":{}}', "weights name no part"],
    [
      '{"model":"./a","weights":[]}',
      "weights are [], expected a type such as q4, or one for each part",
    ],
    ["{", "it is not a map { model: NAME, weights: TYPE }"],
  ];
  for (const [text, expected] of table) assertEquals(parseModelChoice(text), expected, text);
});

Deno.test("--weights takes a type, or one for each part", () => {
  const parts =
    "vision_encoder, embed_tokens, decoder_embed_tokens, decoder_model_merged, decoder_model, decoder_with_past_model, encoder_model, vision_model, " +
    "text_model, prepare_inputs_embeds, model, language_model, lm_head, decoder, encoder";
  assertEquals(parseWeights("q4"), { weights: "q4" });
  assertEquals(parseWeights("vision_encoder=fp32, decoder=q4f16"), {
    weights: { vision_encoder: "fp32", decoder: "q4f16" },
  });
  assertEquals(
    parseWeights("decodr=q4"),
    `weights name the part "decodr", expected one of ${parts}`,
  );
  assertEquals(parseWeights("fp32,"), `weights name the part "fp32", expected one of ${parts}`);
});

Deno.test("reports name a model with its weights", () => {
  const weights: WeightChoice = { vision_encoder: "fp32", decoder: "q4" };
  assertEquals(shownModel({ model: "hf://a/b" }), "hf://a/b");
  assertEquals(shownModel({ model: "hf://a/b", weights: "q4" }), "hf://a/b (q4)");
  assertEquals(
    shownModel({ model: "hf://a/b", weights }),
    "hf://a/b (decoder q4, vision_encoder fp32)",
  );
});

Deno.test("suffixOrder() takes a named part's weights and no others", () => {
  assertEquals(suffixOrder("embed_tokens", "q4"), ["_q4", ""]);
  assertEquals(suffixOrder("decoder_model_merged", { decoder: "q4" }), ["_q4"]);
  assertEquals(suffixOrder("encoder_model", { encoder: "int8" }), ["_int8"]);
  assertEquals(suffixOrder("vision_encoder", { decoder: "q4" }), Object.values(weightSuffixes));
});

Deno.test("missingWeights() names the file that a choice asks for and that is not there", () => {
  const files = [
    "vision_encoder.onnx",
    "decoder_model_merged.onnx",
    "decoder_model_merged_q4.onnx",
    "decoder_model_merged_q4.onnx_data",
  ];
  const table: readonly [WeightChoice | undefined, string | undefined][] = [
    [undefined, undefined],
    ["fp32", undefined],
    ["q4", undefined],
    ["q2", "graph with weights q2 (*_q2.onnx)"],
    [{ decoder: "q4", vision_encoder: "fp32" }, undefined],
    [{ decoder: "q4f16" }, "decoder_model_merged_q4f16.onnx"],
    [{ vision_encoder: "fp16" }, "vision_encoder_fp16.onnx"],
    [{ encoder: "q4" }, "encoder_model_q4.onnx"],
    [{ vision_model: "fp32" }, "vision_model.onnx"],
  ];
  for (const [weights, expected] of table) assertEquals(missingWeights(files, weights), expected);
  // A decoder that a merged one replaces is not used.
  assertEquals(missingWeights([...files, "decoder_model.onnx"], { decoder: "q4" }), undefined);
  assertEquals(
    missingWeights(["decoder_model.onnx"], { decoder_model_merged: "q4" }),
    "decoder_model_q4.onnx",
  );
  assertEquals(missingWeights(["model.onnx"], { decoder: "q4" }), "decoder_model_merged_q4.onnx");
  assertEquals(
    missingWeights(["vision_encoder_q4.onnx"], "fp32"),
    "graph with weights fp32 (*.onnx)",
  );
});
