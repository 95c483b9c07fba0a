import { z } from "zod";
import { defineStage, model } from "../lib/pipeline/contract/stage.ts";

/** Halves the size of a model directory. */
export default defineStage({
  name: "store-half",
  description:
    "Stores a model's weights in 16 bits, cast to 32 where they are used: half the size.",
  with: z.strictObject({ model: model().describe("a model directory with float32 weights") }),
  outputs: { model: "model" },
  permissions: [],
  async run(values, context) {
    const { storeDirectoryHalf } = await import("../lib/models/store_directory_half.ts");
    await storeDirectoryHalf(values.model.path, context.output("model"));
  },
});
