import { z } from "zod";
import { type Artifact, artifact, defineStage, model } from "../lib/pipeline/contract/stage.ts";
import { longestSide } from "../lib/vision/images.ts";

/** Image features of a model, with or without a visual prompt. */
export default defineStage({
  name: "extract-features",
  description: "Writes a model's image features of a split under a prompt or a baseline.",
  with: z.strictObject({
    model: model().describe("a multimodal language model"),
    prompt: z.union([z.enum(["none", "shrunk"]), artifact("prompt")])
      .describe("a trained prompt, or a baseline: none or shrunk"),
    data: artifact("dataset").describe("images, with labels if the task has classes"),
    rows: z.int().min(1).optional().describe("the number of rows, from the first; default all"),
    canvas: z.int().min(8).max(longestSide).optional()
      .describe("baselines: side S of the canvas in pixels; default the images' own"),
    imageSize: z.int().min(4).optional()
      .describe("baselines: side s of the shrunk image; default 164 of 224 parts of the canvas"),
    batch: z.int().min(1).default(32).describe("images per run"),
  }),
  outputs: { features: "features" },
  files: { features: "features.safetensors" },
  fits: { image: "imageSize", canvas: "canvas", data: "data" },
  renamed: { parameters: { image: "imageSize" } },
  permissions: ["ffi"],
  async run(parameters, context) {
    const { openDatasetFolder } = await import("../lib/data/dataset_folder.ts");
    const { meanOverTokens, openProbe } = await import("../lib/training/probe.ts");
    const { concatenate } = await import("../lib/tensor/concatenate.ts");
    const { writeFeatures } = await import("../lib/artifacts/features.ts");
    const folder = await openDatasetFolder(parameters.data.path);
    const { info, images } = folder;
    const data = { info, images, rows: folder.rows.slice(0, parameters.rows) };
    const { method, values, kind, canvas, image } = await treat(parameters, data.images.side);
    const { model, batch } = parameters;
    const { provider, threads } = context;
    await using probe = await openProbe({
      ...{ model, data, kind, canvas, image, batch, gradients: false },
      session: { provider, threads, log: (line) => context.log(line) },
    });
    const count = data.rows.length;
    const means: Float32Array[] = [];
    for (let from = 0; from < count; from += batch) {
      context.signal.throwIfAborted();
      const to = Math.min(count, from + batch);
      means.push(meanOverTokens(await probe.features([from, to], values)));
      context.progress({ done: to, total: count, unit: "images" });
    }
    const features = concatenate(means);
    await writeFeatures(context.output("features"), {
      ...{ model: model.name, method, task: data.info.name },
      classes: data.info.classes ?? [],
      data: features,
      width: features.length / count,
      labels: Int32Array.from(data.rows, ({ label }) => label ?? -1),
    });
  },
});

/** The prompt or baseline, and what tables call it. */
async function treat(
  { prompt, canvas, imageSize }: {
    readonly prompt: "none" | "shrunk" | Artifact;
    readonly canvas?: number | undefined;
    readonly imageSize?: number | undefined;
  },
  side: number,
) {
  const { baselineValues, valuesOf } = await import("../lib/training/prompt_values.ts");
  if (typeof prompt === "object") {
    const { readPrompt } = await import("../lib/artifacts/prompt.ts");
    const trained = await readPrompt(prompt.path);
    return { method: trained.meta.method, ...valuesOf(trained) };
  }
  const { imageSide } = await import("../lib/training/prompt_settings.ts");
  const sizes = { canvas: canvas ?? side, image: imageSize ?? imageSide(canvas ?? side) };
  const placement = prompt === "none" ? "whole" : "shrunk";
  return { method: prompt, ...baselineValues(sizes, placement) };
}
