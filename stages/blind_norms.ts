import { z } from "zod";
import { defineStage, model } from "../lib/pipeline/contract/stage.ts";
import { longestSide } from "../lib/vision/images.ts";

/** Asks by a counterfactual whether a prompt acts through the normalisation of whole images. */
export default defineStage({
  name: "blind-norms",
  description:
    "Copies a model whose features see the frame around an image and whose norms do not, or the reverse.",
  with: z.strictObject({
    model: model().describe("a model with group or instance normalisation in its vision encoder"),
    canvas: z.int().min(8).max(longestSide)
      .describe("the prompts' side S of the canvas in pixels, which is the model's own"),
    imageSize: z.int().min(4).describe("the prompts' side s of the shrunk image"),
    frame: z.enum(["features", "statistics"]).default("features").describe(
      "where the frame stays: in the features alone, or alone in the statistics of the norms",
    ),
  }).refine(({ canvas, imageSize }) => imageSize < canvas, {
    error: "an image smaller than its canvas: there is no frame",
    path: ["imageSize"],
  }),
  outputs: { model: "model" },
  permissions: ["ffi"],
  async run({ model: { path }, canvas, imageSize: image, frame }, context) {
    const { blindDirectory } = await import("../lib/models/blind_norms.ts");
    await blindDirectory(path, context.output("model"), { canvas, image, frame });
  },
});
