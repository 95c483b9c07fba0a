import { z } from "zod";
import { artifact, defineStage } from "../lib/pipeline/contract/stage.ts";
import { zooArchitectures, type ZooName } from "../lib/zoo/zoo_table.ts";
import { openWorld, pretraining, pretrainingHost, pretrainOptions } from "./_pretraining.ts";

const zooNames = Object.keys(zooArchitectures) as [ZooName, ...ZooName[]];

/** Pretrains a multimodal model of the zoo and writes it as a model directory. */
export default defineStage({
  name: "pretrain-model",
  description: "Pretrains a multimodal model of the zoo on a vision encoder that stays as it is.",
  with: z.strictObject({
    architecture: z.enum(zooNames).describe("a multimodal model of the zoo"),
    encoder: artifact("model").describe("the encoder, as pretrain-encoder made it"),
    ...pretraining,
    images: z.int().min(64).default(24000).describe("images that it is trained on"),
  }),
  renamed: { parameters: { pictures: "images" } },
  outputs: { model: "model" },
  permissions: ["net", "ffi"],
  async run(values, context) {
    const { readEncoder } = await import("../lib/training/encoder_directory.ts");
    const { writeDirectory } = await import("../lib/training/write_directory.ts");
    const { pretrainMultimodal } = await import("../lib/training/pretrain_multimodal.ts");
    const { ask, everyText } = await import("../lib/drawing/questions.ts");
    const { architecture, images } = values;
    const encoder = await readEncoder(values.encoder.path); // before art is fetched for a wrong one
    const world = await openWorld(values, context);
    const files = await pretrainMultimodal(
      world,
      {
        ...{ architecture, encoder, images },
        corpus: everyText(world),
        ask: (fact, random) => ask(world, fact, random),
      },
      pretrainOptions(values),
      await pretrainingHost(context, values.steps),
    );
    await writeDirectory(context.output("model"), files);
  },
});
