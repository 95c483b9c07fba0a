import { z } from "zod";
import {
  type Artifact,
  artifact,
  defineStage,
  model,
  type ModelSource,
  oneOf,
} from "../lib/pipeline/contract/stage.ts";
import { type Baseline, baselineTable } from "../lib/evaluation/baselines.ts";
import { matches } from "../lib/evaluation/match.ts";
import { generationSettings } from "../lib/models/generation_settings.ts";
import { longestSide } from "../lib/vision/images.ts";

/** Scores a model on a split, with or without a visual prompt. */
export default defineStage({
  name: "transfer-evaluate",
  description: "Scores a model on a split under a visual prompt or a baseline.",
  with: z.strictObject({
    prompt: z.union([oneOf(baselineTable), artifact("prompt")])
      .describe("a trained prompt, or a baseline: none, shrunk, plain (a grey frame) or noise"),
    model: model().describe("the model to evaluate, source or not; also a CLIP model"),
    data: artifact("dataset").describe("rows to answer"),
    like: z.union([artifact("prompt"), z.array(artifact("prompt")).min(1)]).optional().describe(
      "prompts whose sizes the baselines take; plain and noise also take their kind and, over all of them, the RMS of δ",
    ),
    canvas: z.int().min(8).max(longestSide).optional()
      .describe("baselines: side S of the canvas in pixels; default the images' own"),
    imageSize: z.int().min(4).optional()
      .describe("baselines: side s of the shrunk image; default 164 of 224 parts of the canvas"),
    rms: z.number().positive().optional()
      .describe("plain and noise: RMS of the frame in pixel values; default that of like, or 0.25"),
    seed: z.int().min(0).optional()
      .describe("chooses the noise; default the seed of the one prompt in like, or 0"),
    setting: z.record(z.string(), z.union([z.string(), z.number()])).optional()
      .describe("what distinguishes this run in tables and curves, such as { shots: 16 }"),
    match: oneOf(matches).default("token")
      .describe(
        "free answers: whole words, any substring, or equal as VQA's evaluation writes them",
      ),
    maxTokens: z.int().min(1).default(16).describe("free answers: longest answer"),
    generation: z.union([z.literal("config"), generationSettings]).optional()
      .describe(
        "how free answers are generated; config: by the model's generation_config.json; default greedy",
      ),
    batch: z.int().min(1).default(32).describe("images per run"),
  }),
  outputs: { scores: "scores" },
  files: { scores: "scores.json" },
  fits: { image: "imageSize", canvas: "canvas", data: "data" },
  renamed: { parameters: { image: "imageSize" } },
  permissions: ["ffi"],
  async run(parameters, context) {
    const { openDatasetFolder } = await import("../lib/data/dataset_folder.ts");
    const { scoresText, writeScores } = await import("../lib/artifacts/scores.ts");
    const { evaluateModel } = await import("../lib/evaluation/evaluate.ts");
    const { waitLine } = await import("../lib/vision/read_ahead.ts");
    const data = await openDatasetFolder(parameters.data.path);
    const { canvas, sources, method, seed, treatment, delta } = await treatmentOf(
      parameters,
      data.images.side,
    );
    const start = performance.now();
    const { rows, classes, mean, isClip, waitedMs } = await evaluateModel({
      model: parameters.model,
      data,
      ...(canvas === undefined ? {} : { canvas }),
      match: parameters.match,
      maxTokens: parameters.maxTokens,
      generation: parameters.generation,
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
    const spentMs = performance.now() - start;
    const rate = (1000 * rows.length / spentMs).toFixed(0);
    context.log(`${scoresText(rows)}, ${rate} images/s; ${waitLine(waitedMs, spentMs)}`);
    const { digest } = parameters.model;
    const stem = isClip ? undefined : await stemOf(parameters.model);
    const isSource = sources.some((source) => source.digest === digest);
    await writeScores(context.output("scores"), {
      task: data.info.name,
      model: parameters.model.name,
      modelDigest: digest,
      role: isClip ? "clip" : isSource ? "source" : "unseen",
      sources: sources.map((source) => source.name),
      method,
      seed,
      treatment,
      delta,
      ...(parameters.setting === undefined ? {} : { setting: parameters.setting }),
      ...(stem === undefined ? {} : { stem }),
      metric: "top1",
      ...(classes === undefined ? {} : { classes }),
      mean,
      rows,
    });
  },
});

/** What models that share a vision encoder have in common. */
async function stemOf(model: ModelSource): Promise<string | undefined> {
  const { openModelDirectory, directoryOptions } = await import("../lib/models/directory.ts");
  const { visionStem } = await import("../lib/models/vision_stem.ts");
  const directory = await openModelDirectory(model.path, directoryOptions(model));
  return visionStem(await directory.readPart("vision_encoder"));
}

/** The treatment that the parameters ask for, for images of a side in pixels. */
async function treatmentOf(
  { prompt, like = [], canvas, imageSize, rms, seed }: {
    readonly prompt: Baseline | Artifact;
    readonly like?: Artifact | readonly Artifact[] | undefined;
    readonly canvas?: number | undefined;
    readonly imageSize?: number | undefined;
    readonly rms?: number | undefined;
    readonly seed?: number | undefined;
  },
  side: number,
) {
  const { treat } = await import("../lib/evaluation/treatment.ts");
  const { readPrompt } = await import("../lib/artifacts/prompt.ts");
  const { imageSide } = await import("../lib/training/prompt_settings.ts");
  const read = ({ path }: Artifact) => readPrompt(path);
  return treat({
    prompt: typeof prompt === "string" ? prompt : await read(prompt),
    like: await Promise.all([like].flat().map(read)),
    canvas: canvas ?? side,
    image: imageSize ?? imageSide(canvas ?? side),
    ...(rms === undefined ? {} : { rms }),
    ...(seed === undefined ? {} : { seed }),
  });
}
