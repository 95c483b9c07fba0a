import { z } from "zod";
import { weightDescriptions } from "../lib/losses/variant_table.ts";
import { artifact, defineStage, model, weightsByName } from "../lib/pipeline/contract/stage.ts";

/** What a training step costs on this machine. */
export default defineStage({
  name: "measure-cost",
  description: "Measures a training step: operations, time, and memory above that of the process.",
  with: z.strictObject({
    source: z.union([model(), z.array(model()).min(1)]).describe(
      "the model, or models, to train on",
    ),
    data: artifact("dataset").describe("training rows"),
    clip: model().optional().describe("CLIP model; needed by the loss term tse"),
    method: z.enum(["vp", "tvp", "vp-bahng", "evp", "acavp", "vp-spsa"]).optional()
      .describe("a published method"),
    loss: z.string().optional().describe("name of a loss variant, instead of the method's"),
    variants: z.record(z.string(), weightsByName("loss", weightDescriptions)).default({})
      .describe("loss variants of this pipeline by name"),
    canvas: z.int().min(8).optional().describe("side S of the canvas in pixels"),
    image: z.int().min(4).optional().describe("side s of the shrunk picture"),
    steps: z.int().min(2).default(30).describe("number of steps; the first is not timed"),
    batch: z.int().min(1).default(16).describe("rows per step"),
  }),
  // Memory that an earlier task has touched would not count again.
  isolation: "fresh",
  // What /proc says of a process's memory is read by those only that may do all.
  permissions: ["all"],
  outputs: { cost: "cost" },
  files: { cost: "cost.json" },
  fits: { image: "image", canvas: "canvas", data: "data" },
  async run(parameters, context) {
    const { readDatasetFolder } = await import("../lib/data/dataset_folder.ts");
    const { loadOwnTerms, plainWeights } = await import("../lib/losses/own_terms.ts");
    const { watchPeakMemory } = await import("../lib/runtime/peak_memory.ts");
    const { resolveChoices } = await import("../lib/training/choices.ts");
    const { optimizePrompt } = await import("../lib/training/optimize_prompt.ts");
    const { trainingOf } = await import("../lib/training/prompt_settings.ts");
    const sources = [parameters.source].flat();
    const data = await readDatasetFolder(parameters.data.path);
    const choices = resolveChoices({
      ...parameters,
      variants: Object.fromEntries(
        Object.entries(parameters.variants).map(([name, given]) => [name, plainWeights(given)]),
      ),
    });
    const ownTerms = await loadOwnTerms(choices.weights, Object.values(parameters.variants));
    const settings = { ...parameters, ...choices, schedule: "constant", lr: 1, seed: 0 } as const;
    const training = trainingOf(settings, { sources, data, weights: choices.weights, ownTerms });
    const { provider, threads, signal } = context;
    const peak = watchPeakMemory();
    let ran: string = provider;
    await optimizePrompt(training, {
      ...{ provider, threads, signal },
      onOpen: (facts) => {
        ran = facts.provider;
        context.ranOn(facts);
      },
      loadCheckpoint: () => Promise.resolve(undefined),
      checkpointDue: () => false,
      saveCheckpoint: () => Promise.resolve(),
      log: (line) => context.log(line),
      progress: (done) => context.progress({ done, total: training.steps, unit: "steps" }),
      onCost: ({ flops, uncounted, ms }) => {
        const cost = {
          method: choices.label,
          source: sources.map(({ name }) => name).join(" + "),
          batch: training.batch,
          ...{ flops, uncounted, ms, threads },
          provider: ran,
          peakBytes: peak(),
        };
        Deno.writeTextFileSync(context.output("cost"), JSON.stringify(cost) + "\n");
      },
    });
  },
});
