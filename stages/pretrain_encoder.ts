import { z } from "zod";
import { type EncoderName, zooEncoders } from "../lib/zoo/encoder_table.ts";
import { defineStage } from "../lib/pipeline/contract/stage.ts";
import { openWorld, pretraining, pretrainingHost, pretrainOptions } from "./_pretraining.ts";

const encoderNames = Object.keys(zooEncoders) as [EncoderName, ...EncoderName[]];

/** Pretrains a network of the zoo that sees, and writes it as a model directory. */
export default defineStage({
  name: "pretrain-encoder",
  description: "Pretrains a vision encoder of the zoo, or the mini CLIP.",
  with: z.strictObject({
    architecture: z.enum([...encoderNames, "clip"]).describe("a vision encoder, or the mini CLIP"),
    ...pretraining,
    sights: z.enum(["one", "all"]).default("one")
      .describe("what classifiers and captions take for right on a scene"),
    dropped: z.number().min(0).max(0.9).optional().describe(
      "share of patches that it does not see in most of its training; default 0.5 for a vision transformer, 0 for others",
    ),
    unchanged: z.number().min(0).max(1).default(0).describe(
      "share of its training, at the start, with images that are whole and not changed",
    ),
  }),
  outputs: { model: "model" },
  permissions: ["net", "ffi"],
  async run(values, context) {
    const { writeDirectory } = await import("../lib/training/write_directory.ts");
    const { architecture, sights, unchanged, dropped } = values;
    const world = await openWorld(values, context);
    const options = {
      ...pretrainOptions(values),
      ...{ sights, unchanged },
      ...(dropped === undefined ? {} : { dropped }),
    };
    const host = await pretrainingHost(context, values.steps);
    const pretrain = async () => {
      if (architecture !== "clip") {
        const { pretrainEncoder } = await import("../lib/training/pretrain_encoder.ts");
        return await pretrainEncoder(world, architecture, options, host);
      }
      const { captionForms, captionTexts, colourCaptions, countCaptions } = await import(
        "../lib/drawing/captions.ts"
      );
      const { pretrainClip } = await import("../lib/training/pretrain_clip.ts");
      const captions = {
        corpus: captionTexts(world),
        forms: captionForms,
        colours: colourCaptions,
        counts: countCaptions,
      };
      return await pretrainClip(world, captions, options, host);
    };
    await writeDirectory(context.output("model"), await pretrain());
  },
});
