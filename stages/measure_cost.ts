import { z } from "zod";
import { weightDescriptions } from "../lib/losses/loss_table.ts";
import {
  artifact,
  defineStage,
  model,
  oneOf,
  weightsByName,
} from "../lib/pipeline/contract/stage.ts";
import { methods } from "../lib/training/method_table.ts";
import { longestSide } from "../lib/vision/images.ts";

/** What a training step costs on this machine. */
export default defineStage({
  name: "measure-cost",
  description:
    "Measures a training step: operations, time, and memory beyond that of the process at its start.",
  with: z.strictObject({
    source: z.union([model(), z.array(model()).min(1)]).describe(
      "the model, or models, to train on",
    ),
    data: artifact("dataset").describe("training rows"),
    clip: model().optional().describe("CLIP model; needed by the loss term tse"),
    method: oneOf(methods).optional()
      .describe("a published method"),
    loss: z.string().optional().describe("name of a loss variant, instead of the method's"),
    variants: z.record(z.string(), weightsByName("loss", weightDescriptions)).default({})
      .describe("loss variants of this pipeline by name"),
    canvas: z.int().min(8).max(longestSide).optional().describe("side S of the canvas in pixels"),
    imageSize: z.int().min(4).optional().describe("side s of the shrunk image"),
    steps: z.int().min(2).default(30).describe("number of steps; the first is not timed"),
    batch: z.int().min(1).default(16).describe("rows per step"),
  }),
  // Memory that an earlier task has touched would not count again.
  isolation: "fresh",
  // What /proc says of a process's memory is read by those only that may do all.
  permissions: ["all"],
  outputs: { cost: "cost" },
  files: { cost: "cost.json" },
  fits: { image: "imageSize", canvas: "canvas", data: "data" },
  renamed: { parameters: { image: "imageSize" } },
  async run(parameters, context) {
    const { openDatasetFolder } = await import("../lib/data/dataset_folder.ts");
    const { writeCost } = await import("../lib/artifacts/cost.ts");
    const { watchPeakMemory } = await import("../lib/runtime/peak_memory.ts");
    const { loadOwnTerms, plainLoss } = await import("../lib/losses/own_terms.ts");
    const { optimizePrompt } = await import("../lib/training/optimize_prompt.ts");
    const { resolveSettings } = await import("../lib/training/prompt_settings.ts");
    const { trainingHost } = await import("./_training_host.ts");
    const sources = [parameters.source].flat();
    const data = await openDatasetFolder(parameters.data.path);
    const { imageSize: image } = parameters;
    const given = {
      ...parameters,
      ...plainLoss(parameters),
      image,
      schedule: "constant",
      lr: 1,
    } as const;
    const settings = resolveSettings(given, { rows: data.rows.length, side: data.images.side });
    const ownTerms = await loadOwnTerms(settings.loss, parameters);
    const peak = watchPeakMemory();
    // A measurement that goes on from a saved state would measure fewer steps.
    const { checkpoint: _, ...host } = trainingHost(context, settings.steps);
    let provider: string = context.provider;
    let peakBytes = 0;
    const training = { settings, sources, clip: parameters.clip, data, ownTerms };
    const { cost: { flops, uncounted, ms } } = await optimizePrompt(training, {
      ...host,
      onOpen: (facts) => {
        provider = facts.provider;
        host.onOpen(facts);
      },
      onStep: (step, metrics) => {
        peakBytes = peak();
        host.onStep(step, metrics);
      },
    });
    await writeCost(context.output("cost"), {
      method: settings.label,
      source: sources.map(({ name }) => name).join(" + "),
      batch: settings.batch,
      ...{ flops, uncounted, ms: ms!, threads: context.threads, provider, peakBytes },
    });
  },
});
