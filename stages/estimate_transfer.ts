import { z } from "zod";
import { artifact, defineStage, model, type ModelSource } from "../lib/pipeline/contract/stage.ts";

/** An estimate of transfer before anything is answered. */
export default defineStage({
  name: "estimate-transfer",
  description:
    "Estimates how a prompt transfers: agreement of gradients, change of features and of loss.",
  with: z.strictObject({
    prompt: artifact("prompt").describe("a trained prompt"),
    source: model().describe("the model it was trained on"),
    target: model().describe("the model it is to be used on"),
    data: artifact("dataset").describe(
      "rows with answers, of the training or validation split and never of the test split",
    ),
    batch: z.int().min(1).default(16).describe("rows per gradient"),
    batches: z.int().min(1).default(4).describe("number of gradients that are compared"),
  }),
  outputs: { estimate: "estimate" },
  files: { estimate: "estimate.json" },
  permissions: ["ffi"],
  async run(parameters, context) {
    const { openDatasetFolder } = await import("../lib/data/dataset_folder.ts");
    const { writeEstimate } = await import("../lib/artifacts/estimate.ts");
    const { readPrompt } = await import("../lib/artifacts/prompt.ts");
    const { valuesOf } = await import("../lib/training/prompt_values.ts");
    const { estimateTransfer } = await import("../lib/training/estimate_transfer.ts");
    const { openProbe } = await import("../lib/training/probe.ts");
    const data = await openDatasetFolder(parameters.data.path);
    const prompt = await readPrompt(parameters.prompt.path);
    const values = valuesOf(prompt);
    const batch = Math.min(parameters.batch, data.rows.length);
    const batches = Math.min(parameters.batches, Math.floor(data.rows.length / batch));
    const { provider, threads } = context;
    const open = (model: ModelSource) =>
      openProbe({
        ...values,
        ...{ model, data, batch, gradients: true },
        session: { provider, threads, log: (line) => context.log(line) },
      });
    await using source = await open(parameters.source);
    await using target = await open(parameters.target);
    const estimate = await estimateTransfer({
      ...{ source, target, prompt: values, batch, batches },
      signal: context.signal,
      onProgress: (done) => context.progress({ done, total: batches, unit: "batches" }),
    });
    const { method, seed } = prompt.meta;
    const names = { source: parameters.source.name, target: parameters.target.name };
    const task = data.info.name;
    await writeEstimate(context.output("estimate"), { task, method, seed, ...names, ...estimate });
  },
});
