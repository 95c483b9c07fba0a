import { z } from "zod";
import { artifact, defineStage, model, type StageContext } from "../lib/pipeline/contract/stage.ts";
import type { ConnectorHost } from "../lib/training/pretrain_connector.ts";

const parameters = z.strictObject({
  model: model().describe("a multimodal language model, such as one made by export/assemble.py"),
  data: artifact("dataset").describe("images, questions and answers to learn from"),
  weights: z.string().min(1).default("multi_modal_projector.")
    .describe("beginning of the names of the connector's weights in onnx/vision_encoder.onnx"),
  seed: z.int().min(0).default(0).describe("order of the data"),
  steps: z.int().min(1).describe("updates with the language-model loss"),
  batch: z.int().min(1).default(32).describe("images per update"),
  learningRate: z.number().positive().default(5e-4).describe("at its highest, after the warm-up"),
  warmup: z.int().min(1).default(20).describe("updates until the learning rate is reached"),
  decay: z.number().min(0).default(0.05).describe("weight decay of matrices"),
  dropout: z.number().min(0).lt(1).default(0)
    .describe("share of the encoder's features that each update drops (dropout)"),
  mirror: z.boolean().default(true)
    .describe(
      "mirrors half of the images, if the data set says that mirroring keeps the answers",
    ),
  alignment: z.strictObject({
    steps: z.int().min(0).default(300).describe("number of updates; 0 skips them"),
    batch: z.int().min(1).default(128).describe("images per update"),
    learningRate: z.number().positive().default(1e-3).describe("at its highest"),
  }).prefault({}).describe("first updates, in which image rows learn the answers' embeddings"),
});

type Parameters = z.output<typeof parameters>;

/** Trains the connector of a model whose encoder and language model stay as they are. */
export default defineStage({
  name: "train-connector",
  description: "Trains the connector between a frozen vision encoder and a frozen language model.",
  with: parameters,
  outputs: { model: "model" },
  permissions: ["ffi"],
  async run(values, context) {
    const { openDatasetFolder } = await import("../lib/data/dataset_folder.ts");
    const { directoryOptions, openModelDirectory } = await import("../lib/models/directory.ts");
    const { pretrainConnector, writeWithVision } = await import(
      "../lib/training/pretrain_connector.ts"
    );
    const { info, rows, images } = await openDatasetFolder(values.data.path);
    const directory = await openModelDirectory(values.model.path, directoryOptions(values.model));
    const mirror = values.mirror && (info.mirrorKeepsAnswer ?? true);
    const lesson = { rows, images, mirror };
    const vision = await pretrainConnector(
      directory,
      lesson,
      optionsOf(values),
      await hostOf(values, context),
    );
    await writeWithVision(directory, vision, context.output("model"));
  },
});

function optionsOf({ alignment, ...values }: Parameters) {
  const { seed, weights, dropout, decay, warmup, steps, batch, learningRate } = values;
  return {
    seed,
    prefix: weights,
    dropout,
    alignment: { ...alignment, warmup, decay },
    language: { steps, batch, learningRate, warmup, decay },
  };
}

/** Passes progress, checkpoints and interruption on, in the engine's terms. */
async function hostOf(
  { steps }: Parameters,
  context: StageContext<"model">,
): Promise<ConnectorHost> {
  const { trainingHost } = await import("./_training_host.ts");
  const told = (name: string, every: number) => (step: number, metrics: object) => {
    if (step % every === 0) context.log(`${name} ${step}: ${JSON.stringify(metrics)}`);
  };
  const host = trainingHost(context, steps);
  const logStep = told("step", 50);
  return {
    ...host,
    onFeatures: (done, total) => context.progress({ done, total, unit: "images encoded" }),
    onAlign: told("alignment", 100),
    onStep: (step, metrics) => {
      host.onStep(step, metrics);
      logStep(step, metrics);
    },
  };
}
