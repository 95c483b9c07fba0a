import { z } from "zod";
import { type Artifact, artifact, defineStage, model } from "../lib/pipeline/stage.ts";
import type { PictureCanvas } from "../lib/models/prompted_pictures.ts";

/** What a prompt is to an evaluation: the picture it makes, and what tables call it. */
interface Treatment {
  readonly method: string;
  readonly seed: number | null;
  readonly sources: readonly { readonly name: string; readonly digest: string }[];
  readonly canvas?: PictureCanvas;
}

interface TreatmentOptions {
  readonly prompt: "none" | "shrunk" | "noise" | Artifact;
  readonly like?: Artifact | undefined;
  readonly canvas?: number | undefined;
  readonly image?: number | undefined;
  readonly seed: number;
}

/** Scores a model on a split, with or without a visual prompt. */
export default defineStage({
  name: "transfer-evaluate",
  description: "Scores a model on a split under a visual prompt or a baseline.",
  with: z.strictObject({
    prompt: z.union([z.enum(["none", "shrunk", "noise"]), artifact("prompt")])
      .describe("a trained prompt, or a baseline: none, shrunk or noise"),
    model: model().describe("the model to evaluate, source or not; also a CLIP model"),
    data: artifact("dataset").describe("rows to answer"),
    like: artifact("prompt").optional()
      .describe(
        "a prompt whose sizes the baselines shrunk and noise take, and noise its kind and strength",
      ),
    canvas: z.int().min(8).optional()
      .describe("baselines: side S of the canvas in pixels; default the pictures' own"),
    image: z.int().min(4).optional()
      .describe("baselines: side s of the shrunk picture; default 164 of 224 parts of the canvas"),
    seed: z.int().min(0).default(0).describe("chooses the noise"),
    setting: z.record(z.string(), z.union([z.string(), z.number()])).optional()
      .describe("what sets this run apart in tables and curves, such as { shots: 16 }"),
    match: z.enum(["token", "substring"]).default("token")
      .describe("free answers: whole words, or any substring"),
    maxTokens: z.int().min(1).default(16).describe("free answers: longest answer"),
    batch: z.int().min(1).default(32).describe("pictures per run"),
  }),
  outputs: { scores: "scores" },
  files: { scores: "scores.json" },
  async run(parameters, context) {
    const { readDatasetFolder } = await import("../datasets/dataset_folder.ts");
    const { evaluateModel } = await import("../lib/evaluation/evaluate.ts");
    const data = await readDatasetFolder(parameters.data.path);
    const treatment = await treat(parameters as TreatmentOptions, data.height);
    const start = performance.now();
    const { rows, classes, mean, isClip } = await evaluateModel({
      model: parameters.model,
      data,
      ...(treatment.canvas === undefined ? {} : { canvas: treatment.canvas }),
      match: parameters.match,
      maxTokens: parameters.maxTokens,
      batch: Math.min(parameters.batch, data.rows.length),
      session: {
        provider: context.provider,
        threads: context.threads,
        log: (line) => context.log(line),
        onOpen: (facts) => context.ranOn(facts),
      },
      signal: context.signal,
      onProgress: (done, total, accuracy) =>
        context.progress({ done, total, unit: "images", metrics: { accuracy } }),
    });
    const seconds = (performance.now() - start) / 1000;
    context.log(`${rows.length} images, ${(rows.length / seconds).toFixed(0)} images/s`);
    const { digest } = parameters.model;
    const stem = isClip ? undefined : await stemOf(parameters.model);
    const isSource = treatment.sources.some((source) => source.digest === digest);
    const scores = {
      task: data.info.name,
      model: parameters.model.name,
      modelDigest: digest,
      role: isClip ? "clip" : isSource ? "source" : "unseen",
      sources: treatment.sources.map((source) => source.name),
      method: treatment.method,
      seed: treatment.seed,
      ...(parameters.setting === undefined ? {} : { setting: parameters.setting }),
      ...(stem === undefined ? {} : { stem }),
      metric: "top1",
      ...(classes === undefined ? {} : { classes }),
      mean,
      rows,
    };
    await Deno.writeTextFile(context.output("scores"), JSON.stringify(scores) + "\n");
  },
});

/** What models that share a vision encoder have in common. */
async function stemOf(model: { name: string; path: string }): Promise<string | undefined> {
  const { openModelDirectory } = await import("../lib/models/directory.ts");
  const { visionStem } = await import("../lib/models/vision_stem.ts");
  const directory = await openModelDirectory(model.path, { name: model.name });
  return visionStem(await directory.readPart("vision_encoder"));
}

async function treat(options: TreatmentOptions, side: number): Promise<Treatment> {
  const { prompt } = options;
  if (prompt === "none") return { method: "none", seed: null, sources: [] };
  if (typeof prompt === "object") return await readPrompt(prompt);
  const sizes = await sizesOf(options, side);
  if (prompt === "shrunk") return { method: "shrunk", seed: null, sources: [], canvas: sizes };
  const { noisePrompt } = await import("../lib/prompts/noise.ts");
  const { promptKind, pictureSideOf } = await import("../lib/prompts/prompt_table.ts");
  const delta = noisePrompt(sizes, { rms: sizes.rms, seed: options.seed });
  // A kind that moves the picture begins with it shrunk, and so does its noise.
  const moves = promptKind(sizes.kind).transformation !== undefined;
  const image = moves ? sizes.image : pictureSideOf(sizes.kind, sizes);
  const canvas = { canvas: sizes.canvas, image, delta };
  return { method: "noise", seed: options.seed, sources: [], canvas };
}

async function readPrompt(artifact: Artifact): Promise<Treatment> {
  const { appliedPrompt, decodePrompt } = await import("../lib/prompts/prompt_file.ts");
  const prompt = decodePrompt(await Deno.readFile(artifact.path));
  const { method, seed, sources } = prompt.meta;
  return { method, seed, sources, canvas: appliedPrompt(prompt) };
}

/** Sizes of a baseline's canvas; the strength of noise is that of the prompt it is compared with. */
async function sizesOf(options: TreatmentOptions, side: number) {
  if (options.like !== undefined) {
    const { promptRms } = await import("../lib/prompts/noise.ts");
    const { decodePrompt, kindOfPrompt } = await import("../lib/prompts/prompt_file.ts");
    const like = decodePrompt(await Deno.readFile(options.like.path));
    const sizes = {
      canvas: like.meta.canvas,
      image: like.meta.image,
      kind: kindOfPrompt(like),
    };
    return { ...sizes, rms: promptRms({ ...sizes, delta: like.delta.data }) };
  }
  const { pictureSide } = await import("../lib/training/prompt_settings.ts");
  const canvas = options.canvas ?? side;
  const image = options.image ?? pictureSide(canvas);
  return { canvas, image, kind: "frame" as const, rms: 0.25 };
}
