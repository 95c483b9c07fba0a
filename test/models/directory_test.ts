import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { basename, join } from "@std/path";
import { knownModelTypes } from "../../lib/models/families/family_table.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { openClipDirectory, openModelDirectory } from "../../lib/models/directory.ts";
import type { PartWeights } from "../../lib/models/weight_types.ts";
import { writeTinyClip, writeTinyModel } from "../rigs/tiny_models.ts";
import { recordedModel } from "./rig.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function failureOf(open: () => Promise<unknown>) {
  const error = await assertRejects(open, DiagnosticError);
  return error.diagnostics[0]!;
}

Deno.test("openModelDirectory() reads configurations and graphs when asked", async () => {
  const directory = await openModelDirectory(recordedModel("llava"));
  assertEquals(directory.name, "llava");
  assertEquals(directory.family.modelTypes, [
    "llava",
    "vipllava",
    "llava_qwen2",
    "fast_vlm",
  ]);
  assertEquals(directory.preprocessor.image_processor_type, "CLIPImageProcessor");
  assertEquals(directory.has("encoder_model"), false);
  const embed = await directory.readPart("embed_tokens");
  assertEquals(embed.graph.inputs.map(({ name }) => name), ["input_ids"]);
});

Deno.test("openModelDirectory() takes the weights asked for, and whole ones for other parts", async () => {
  const cases = [
    ["llava_q4", "q4", "decoder_model_merged_q4.onnx", "embed_tokens.onnx"],
    ["llava_fp16", "fp16", "decoder_model_merged_fp16.onnx", "embed_tokens.onnx"],
  ] as const;
  for (const [name, weights, decoder, embed] of cases) {
    const directory = await openModelDirectory(recordedModel(name), { weights });
    assertStringIncludes(directory.partPath("decoder_model_merged"), decoder);
    assertStringIncludes(directory.partPath("embed_tokens"), embed);
  }
});

Deno.test("openModelDirectory() names everything that is missing", () =>
  withFolder(async (folder) => {
    assertEquals(
      (await failureOf(() => openModelDirectory(join(folder, "absent")))).message,
      `Cannot open model "${folder}/absent": there is no folder "${folder}/absent"`,
    );
    assertEquals(
      (await failureOf(() => openModelDirectory(folder, { name: "zoo/x" }))).message,
      'Cannot open model "zoo/x": config.json is missing',
    );
    const path = await writeTinyModel(folder, "mini-minigpt4");
    await Deno.remove(join(path, "preprocessor_config.json"));
    await Deno.remove(join(path, "onnx", "embed_tokens.onnx"));
    const failure = await failureOf(() => openModelDirectory(path, { name: "zoo/x" }));
    assertEquals(
      failure.message,
      `Cannot open model "zoo/x": onnx/embed_tokens.onnx, preprocessor_config.json missing in "${path}"`,
    );
    assertEquals(failure.notes, [
      "Found in onnx/: decoder_model_merged.onnx, vision_encoder.onnx",
    ]);
  }));

Deno.test("openModelDirectory() lists the known model types", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "config.json"), '{ "model_type": "gpt5" }');
    const failure = await failureOf(() => openModelDirectory(folder));
    assertEquals(failure.message, `Cannot open "${folder}/config.json": model_type is "gpt5"`);
    assertEquals(failure.notes, [
      `Known model types: ${knownModelTypes.join(", ")}`,
    ]);
  }));

Deno.test("openModelDirectory() opens a model type that is not known by the default rule, and says so", () =>
  withFolder(async (folder) => {
    const path = await writeTinyModel(folder, "mini-convllava");
    const file = join(path, "config.json");
    const config = JSON.parse(await Deno.readTextFile(file));
    await Deno.writeTextFile(file, JSON.stringify({ ...config, model_type: "gpt5" }));
    const { family, warnings } = await openModelDirectory(path, { name: "zoo/x" });
    assertEquals([family.placement, family.modelTypes], ["in-text", []]);
    assertEquals(warnings, [
      'Model "zoo/x" is opened by the default rule, because its model_type "gpt5" is not known: image features replace the image tokens',
    ]);
  }));

for (
  const [type, warning] of [
    ["CLIPImageProcessorFast", undefined],
    [undefined, undefined],
    ["EfficientNetImageProcessor", undefined],
    ["OwnImageProcessor", "its images are made as by the family's CLIPImageProcessor"],
  ] as const
) {
  Deno.test(`openModelDirectory() warns of an image processor that is not known: ${type}`, () =>
    withFolder(async (folder) => {
      const path = await writeTinyModel(folder, "mini-convllava");
      const file = join(path, "preprocessor_config.json");
      const { image_processor_type: _, ...settings } = JSON.parse(await Deno.readTextFile(file));
      await Deno.writeTextFile(file, JSON.stringify({ ...settings, image_processor_type: type }));
      const { warnings, preprocessor } = await openModelDirectory(path);
      const isKnown = type !== undefined && warning === undefined;
      assertEquals(preprocessor.image_processor_type, isKnown ? type : "CLIPImageProcessor");
      assertEquals(
        warnings,
        warning === undefined
          ? []
          : [`"${file}" names the image processor "${type}", which is not known: ${warning}`],
      );
    }));
}

Deno.test("openModelDirectory() takes types of weights by part", () =>
  withFolder(async (folder) => {
    const path = await writeTinyModel(folder, "mini-blip2");
    const onnx = (name: string) => join(path, "onnx", name);
    await Deno.copyFile(onnx("decoder_model_merged.onnx"), onnx("decoder_model_merged_q4f16.onnx"));
    await Deno.copyFile(onnx("vision_encoder.onnx"), onnx("vision_encoder_fp16.onnx"));
    const weights = { vision_encoder: "fp32", decoder: "q4f16" } as const;
    const directory = await openModelDirectory(path, { weights });
    const parts = ["vision_encoder", "embed_tokens", "decoder_model_merged"] as const;
    assertEquals(parts.map((part) => directory.partPath(part)), [
      onnx("vision_encoder.onnx"),
      onnx("embed_tokens.onnx"),
      onnx("decoder_model_merged_q4f16.onnx"),
    ]);
  }));

Deno.test("openModelDirectory() refuses weights of a part that no file is of", () =>
  withFolder(async (folder) => {
    const path = await writeTinyModel(folder, "mini-minigpt4");
    const failure = await failureOf(() => openModelDirectory(path, { weights: { encoder: "q4" } }));
    assertStringIncludes(failure.message, "onnx/encoder_model_q4.onnx missing");
  }));

Deno.test("openModelDirectory() gives decoders that stand in for a merged one its weights", () =>
  withFolder(async (folder) => {
    const path = await writeTinyModel(folder, "mini-blip2");
    const onnx = (name: string) => join(path, "onnx", name);
    const parts = ["decoder_model", "decoder_with_past_model"] as const;
    for (const part of parts) {
      await Deno.copyFile(onnx("decoder_model_merged.onnx"), onnx(`${part}.onnx`));
      await Deno.copyFile(onnx("decoder_model_merged.onnx"), onnx(`${part}_q4.onnx`));
    }
    await Deno.remove(onnx("decoder_model_merged.onnx"));
    const all = ["decoder_model_merged", "decoder_with_past_model"] as const;
    const pathsWith = async (weights: PartWeights) => {
      const directory = await openModelDirectory(path, { weights });
      return all.map((part) => basename(directory.partPath(part)));
    };
    const quantized = ["decoder_model_q4.onnx", "decoder_with_past_model_q4.onnx"];
    assertEquals(await pathsWith({ decoder_model_merged: "q4" }), quantized);
    assertEquals(await pathsWith({ decoder: "q4" }), quantized);
    assertEquals(await pathsWith({ decoder: "q4", decoder_model: "fp32" }), [
      "decoder_model.onnx",
      "decoder_with_past_model_q4.onnx",
    ]);
  }));

Deno.test("openModelDirectory() names a file that is not JSON or no ONNX", () =>
  withFolder(async (folder) => {
    const path = await writeTinyModel(folder, "mini-blip2");
    const vision = join(path, "onnx", "vision_encoder.onnx");
    const bytes = await Deno.readFile(vision);
    await Deno.writeFile(vision, bytes.subarray(0, bytes.length - 100));
    const directory = await openModelDirectory(path);
    const truncated = await failureOf(() => directory.readPart("vision_encoder"));
    assertStringIncludes(truncated.message, `Cannot read "${vision}"`);
    await Deno.writeTextFile(join(path, "config.json"), "{");
    const failure = await failureOf(() => openModelDirectory(path));
    assertStringIncludes(failure.message, `Cannot read "${path}/config.json"`);
  }));

Deno.test("openClipDirectory() needs a vision model only", () =>
  withFolder(async (folder) => {
    const path = await writeTinyClip(folder);
    await Deno.remove(join(path, "onnx", "text_model.onnx"));
    const directory = await openClipDirectory(path, { name: "clip" });
    assertEquals(directory.has("text_model"), false);
    const failure = await failureOf(() =>
      Promise.resolve().then(() => directory.partPath("text_model"))
    );
    assertEquals(failure.message, 'Cannot open model "clip": onnx/text_model.onnx missing');
  }));
