import { z } from "zod";
import type { LossWeights } from "../lib/losses/loss_table.ts";
import { lossVariants } from "../lib/losses/variant_table.ts";
import { artifact, defineStage, model } from "../lib/pipeline/stage.ts";

const weights = z.strictObject({
  lm: z.number().min(0).optional(),
  fca: z.number().min(0).optional(),
  tse: z.number().min(0).optional(),
});

/** Trains one visual prompt on frozen models. */
export default defineStage({
  name: "optimize-prompt",
  description: "Trains a visual prompt on one or several frozen source models.",
  with: z.strictObject({
    source: z.union([model(), z.array(model()).min(1)])
      .describe("the model, or models, to train on"),
    data: artifact("dataset").describe("training rows"),
    clip: model().optional().describe("CLIP model; needed by the loss term tse"),
    loss: z.union([z.string(), weights]).default("tvp")
      .describe("name of a loss variant, or weights of its terms"),
    variants: z.record(z.string(), weights).default({})
      .describe("loss variants of this pipeline by name"),
    kind: z.enum(["frame", "patch", "full"]).default("frame").describe("which pixels are trained"),
    canvas: z.int().min(8).optional()
      .describe("side S of the canvas in pixels; default the pictures' own"),
    image: z.int().min(4).optional()
      .describe("side s of the shrunk picture; default 164 of 224 parts of the canvas"),
    optimizer: z.enum(["reference", "sgd", "adam", "sign"]).default("reference"),
    schedule: z.enum(["cosine", "constant"]).default("cosine"),
    lr: z.number().positive().describe(
      "learning rate; depends on the canvas, so it has no default",
    ),
    steps: z.int().min(1).optional().describe("number of updates"),
    epochs: z.int().min(1).optional().describe("passes over the data, instead of steps"),
    batch: z.int().min(1).default(16),
    flip: z.boolean().default(true).describe("mirrors half of the pictures at random"),
    seed: z.int().min(0).default(0).describe("chooses the order of the pictures"),
  }).refine((value) => (value.steps === undefined) !== (value.epochs === undefined), {
    error: "give either steps or epochs",
    path: ["steps"],
  }).refine(({ canvas, image }) => canvas === undefined || image === undefined || image <= canvas, {
    error: "the shrunk picture is larger than the canvas",
    path: ["image"],
  }).superRefine(({ loss, variants, clip }, { addIssue }) => {
    const known: Record<string, LossWeights> = { ...lossVariants, ...variants };
    const terms = typeof loss === "string" ? known[loss] : loss;
    const names = Object.keys(known).map((name) => `"${name}"`).join(", ");
    const message = terms === undefined
      ? `there is no variant "${loss}", known: ${names}`
      : terms.tse && clip === undefined
      ? "its term tse asks CLIP, and no clip model is given (clip: zoo/mini-clip)"
      : undefined;
    if (message !== undefined) addIssue({ code: "custom", message, path: ["loss"] });
  }),
  outputs: { prompt: "prompt", curve: "curve" },
  files: { prompt: "prompt.safetensors", curve: "curve.json" },
  async run(parameters, context) {
    const { readDatasetFolder } = await import("../datasets/dataset_folder.ts");
    const { resolveLoss } = await import("../lib/losses/variants.ts");
    const { encodePrompt } = await import("../lib/prompts/prompt_file.ts");
    const { trainingOf } = await import("../lib/training/prompt_settings.ts");
    const { optimizePrompt } = await import("../lib/training/optimize_prompt.ts");

    const sources = [parameters.source].flat();
    const data = await readDatasetFolder(parameters.data.path);
    const loss = resolveLoss(parameters.loss, parameters.variants);
    const training = trainingOf(parameters, { sources, data, weights: loss.weights });
    const state = await optimizePrompt(training, {
      provider: context.provider,
      threads: context.threads,
      signal: context.signal,
      loadCheckpoint: () => context.checkpoint.load(),
      checkpointDue: () => context.checkpoint.due(),
      saveCheckpoint: (bytes) => context.checkpoint.save(bytes),
      log: (line) => context.log(line),
      progress: (done, value) =>
        context.progress({ done, total: training.steps, unit: "steps", metrics: { loss: value } }),
    });
    const { kind, canvas, image, optimizer, lr, steps, batch, seed } = training;
    const meta = {
      kind,
      canvas,
      image,
      sources: sources.map(({ name, digest }) => ({ name, digest })),
      task: data.info.name,
      method: loss.method,
      loss: loss.weights as Record<string, number>,
      optimizer,
      lr,
      steps,
      batch,
      seed,
    };
    const delta = { dtype: "float32", dims: [3, canvas, canvas], data: state.delta } as const;
    const curve = {
      method: loss.method,
      source: sources.map((source) => source.name).join(" + "),
      seed,
      points: state.curve,
    };
    await Deno.writeFile(context.output("prompt"), encodePrompt({ delta, meta }));
    await Deno.writeTextFile(context.output("curve"), JSON.stringify(curve) + "\n");
  },
});
