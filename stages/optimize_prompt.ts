import { z } from "zod";
import {
  type LossWeights,
  termThatAsksClip,
  weightDescriptions,
} from "../lib/losses/loss_table.ts";
import { lossVariants } from "../lib/losses/variant_table.ts";
import {
  artifact,
  builtInOrOwn,
  defineStage,
  model,
  oneOf,
  type OwnWeight,
  weightsByName,
} from "../lib/pipeline/contract/stage.ts";
import { promptTable } from "../lib/prompts/prompt_table.ts";
import { augmentations } from "../lib/training/augment.ts";
import { ensembleSearches, methods } from "../lib/training/method_table.ts";
import { optimizers } from "../lib/training/optimizer.ts";
import { precisions } from "../lib/training/precisions.ts";
import { schedules } from "../lib/training/schedule.ts";
import { searches, type SearchName } from "../lib/training/searches/search_table.ts";
import { views } from "../lib/training/views/view_table.ts";
import { longestSide } from "../lib/vision/images.ts";

const weights = weightsByName("loss", weightDescriptions);

type Weights = Readonly<Record<string, number | OwnWeight>>;

/** Trains one visual prompt on frozen models. */
export default defineStage({
  name: "optimize-prompt",
  description: "Trains a visual prompt on one or several frozen source models.",
  with: z.strictObject({
    source: z.union([model(), z.array(model()).min(1)])
      .describe("the model, or models, to train on"),
    data: artifact("dataset").describe("training rows"),
    clip: model().optional().describe("CLIP model; needed by the loss term tse"),
    method: oneOf(methods).optional().describe(
      "a published method: a bundle of loss, kind, optimizer, augment, views, copies, search and layerDrop",
    ),
    loss: z.union([z.string(), weights]).optional()
      .describe("name of a loss variant, or weights of its terms; default the method's, or tvp"),
    variants: z.record(z.string(), weights).default({})
      .describe("loss variants of this pipeline by name"),
    kind: builtInOrOwn("prompt-kind", promptTable).optional()
      .describe(
        "the pixels that are trained, and whether a transformation is trained too; default frame",
      ),
    canvas: z.int().min(8).max(longestSide).optional()
      .describe("side S of the canvas in pixels; default the images' own"),
    imageSize: z.int().min(4).optional()
      .describe("side s of the shrunk image; default 164 of 224 parts of the canvas"),
    optimizer: oneOf(optimizers).optional()
      .describe("update rule; spsa needs no gradients of the model; default normalized-gradient"),
    spsa: z.strictObject({
      samples: z.int().min(1).optional().describe("pairs of losses per step; default 4"),
      radius: z.number().positive().optional().describe(
        "distance between the two points of a pair; default 0.05",
      ),
    }).optional().describe("how spsa estimates gradients"),
    schedule: oneOf(schedules).default("cosine")
      .describe("how the learning rate changes from lr"),
    lr: z.number().positive().describe(
      "learning rate; depends on the canvas, so it has no default",
    ),
    steps: z.int().min(1).optional().describe("number of updates"),
    epochs: z.int().min(1).optional().describe("passes over the data, instead of steps"),
    batch: z.int().min(1).default(16).describe("images a step"),
    microBatch: z.union([z.int().min(1), z.literal("auto")]).default("auto").describe(
      "images computed at once; the gradients of a batch are averaged, so the update is the same but for rounding; default auto: as many as fit the memory, on processors 768 MiB of values",
    ),
    augment: oneOf(augmentations).optional()
      .describe("augmentation of the training images; default flip-crop"),
    views: z.array(oneOf(views)).optional()
      .describe(
        "how the sources see the prompted image: views that are applied in turn; default none",
      ),
    copies: z.int().min(1).optional()
      .describe("draws of views and dropped layers whose gradients are averaged; default 1"),
    search: oneOf(searches).optional()
      .describe("where gradients are taken: at the prompt, or around it; default plain"),
    around: z.strictObject({
      samples: z.int().min(1).optional().describe("points that a search looks at; default 4"),
      radius: z.number().positive().optional()
        .describe("their distance, in pixel values from 0 to 1; default 0.05"),
    }).optional().describe("how wide a search is"),
    layerDrop: z.number().min(0).max(0.9).optional()
      .describe("share of the encoders' residual layers that are dropped at random; default 0"),
    bound: z.strictObject({
      rms: z.number().positive().optional()
        .describe("largest root of the mean square of δ, over what is trained"),
      range: z.tuple([z.number(), z.number()]).optional()
        .refine((range) => range === undefined || range[0] <= range[1], {
          error: "the smallest value comes first",
        }).describe("smallest and largest value of δ"),
    }).optional().describe("limit on the strength of δ; default none"),
    precision: oneOf(precisions).optional().describe(
      "how models with float16 weights are computed; default mixed on CUDA, else float32",
    ),
    lossScale: z.number().positive({ abort: true }).refine(
      (value) => Number.isInteger(Math.log2(value)),
      {
        error: "expected a power of two, such as 1024",
      },
    ).optional().describe(
      "what gradients are multiplied by on their way through float16, and divided by again; default 1024",
    ),
    transformRate: z.number().positive().optional()
      .describe("learning rate of affine and color as a share of lr; default 0.001"),
    label: z.string().optional()
      .describe(
        "the prompt's name in tables; default the method or loss, and what differs from it",
      ),
    seed: z.int().min(0).default(0).describe("chooses the order of the images"),
  }).refine((value) => (value.steps === undefined) !== (value.epochs === undefined), {
    error: "give either steps or epochs",
    path: ["steps"],
  }).refine(
    ({ canvas, imageSize }) =>
      canvas === undefined || imageSize === undefined || imageSize <= canvas,
    {
      error: "the shrunk image is larger than the canvas",
      path: ["imageSize"],
    },
  ).superRefine(({ method, variants, clip, ...given }, { addIssue }) => {
    const known: Record<string, LossWeights | Weights> = { ...lossVariants, ...variants };
    const loss = given.loss ?? (method === undefined ? "tvp" : methods[method]!.loss);
    const terms = typeof loss === "string" ? known[loss] : loss;
    const names = Object.keys(known).map((name) => `"${name}"`).join(", ");
    const asking = clip === undefined ? terms && termThatAsksClip(terms as LossWeights) : undefined;
    const message = terms === undefined
      ? `there is no variant "${loss}", known: ${names}`
      : asking === undefined
      ? undefined
      : `its term ${asking} needs a CLIP, and no clip model is given (clip: zoo/mini-clip)`;
    if (message !== undefined) addIssue({ code: "custom", message, path: ["loss"] });
    const mistake = searchMistake({ ...given, method });
    if (mistake !== undefined) addIssue({ code: "custom", ...mistake });
  }),
  outputs: { prompt: "prompt", curve: "curve" },
  files: { prompt: "prompt.safetensors", curve: "curve.json" },
  fits: { image: "imageSize", canvas: "canvas", data: "data" },
  renamed: {
    parameters: { image: "imageSize" },
    words: { optimizer: { reference: "normalized-gradient" } },
  },
  permissions: ["ffi"],
  async run(parameters, context) {
    const { openDatasetFolder } = await import("../lib/data/dataset_folder.ts");
    const { writeCurve } = await import("../lib/artifacts/curve.ts");
    const { writePrompt } = await import("../lib/artifacts/prompt.ts");
    const { loadOwnKind } = await import("../lib/prompts/own_kind.ts");
    const { augmentation } = await import("../lib/training/augment.ts");
    const { loadOwnTerms, plainLoss } = await import("../lib/losses/own_terms.ts");
    const { optimizePrompt } = await import("../lib/training/optimize_prompt.ts");
    const { metaOf, resolveSettings } = await import("../lib/training/prompt_settings.ts");
    const { promptOf } = await import("../lib/training/prompt_values.ts");
    const { trainingHost } = await import("./_training_host.ts");
    const sources = [parameters.source].flat();
    const data = await openDatasetFolder(parameters.data.path);
    const kind = typeof parameters.kind === "object"
      ? await loadOwnKind(parameters.kind)
      : parameters.kind;
    const size = { rows: data.rows.length, side: data.images.side };
    const settings = resolveSettings(
      { ...parameters, ...plainLoss(parameters), image: parameters.imageSize, kind },
      size,
    );
    const { name: task, mirrorKeepsAnswer = true } = data.info;
    if (!mirrorKeepsAnswer && augmentation(settings.augment).flips) {
      context.log(`images are not mirrored, because that would change the answers of ${task}`);
    }
    const ownTerms = await loadOwnTerms(settings.loss, parameters);
    const trained = await optimizePrompt(
      {
        ...{ settings, sources, clip: parameters.clip, data, ownTerms },
        ...{ precision: parameters.precision, lossScale: parameters.lossScale },
        microBatch: parameters.microBatch,
      },
      trainingHost(context, settings.steps),
    );
    const meta = metaOf(settings, { sources, task });
    await writePrompt(
      context.output("prompt"),
      promptOf({ ...settings, values: trained.values }, meta),
    );
    await writeCurve(context.output("curve"), {
      method: settings.label,
      source: sources.map(({ name }) => name).join(" + "),
      seed: settings.seed,
      flopsPerStep: trained.cost.flops,
      points: trained.curve,
    });
  },
});

/** A search that the sources or the update rule cannot serve. */
function searchMistake({ method, source, ...given }: {
  readonly method?: string | undefined;
  readonly source: unknown;
  readonly search?: SearchName | undefined;
  readonly optimizer?: string | undefined;
}): { readonly message: string; readonly path: string[] } | undefined {
  const base = method === undefined ? undefined : methods[method];
  const search = given.search ?? base?.search ?? "plain";
  const optimizer = given.optimizer ?? base?.optimizer ?? "";
  const path = [given.search === undefined ? "method" : "search"];
  if (ensembleSearches.includes(search) && [source].flat().length < 2) {
    return { message: `${search} compares several sources, and one is given`, path: ["source"] };
  }
  if (search === "plain" || !optimizer.startsWith("spsa")) return undefined;
  return { message: `${search} asks for gradients, and ${optimizer} estimates them`, path };
}
