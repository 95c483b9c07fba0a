import { z } from "zod";
import { artifact, defineStage } from "../lib/pipeline/contract/stage.ts";

/** Features of several prompts on one plane. */
export default defineStage({
  name: "project-features",
  description: "Projects image features to the plane with t-SNE, all of them together.",
  with: z.strictObject({
    features: z.array(artifact("features")).min(1).describe("outputs of extract-features"),
    perplexity: z.number().min(1).default(30).describe(
      "the approximate number of neighbours of a point (perplexity)",
    ),
    iterations: z.int().min(1).default(750).describe("steps of the projection"),
    seed: z.int().min(0).default(0).describe("chooses the first positions"),
  }),
  outputs: { projection: "json", picture: "file" },
  files: { projection: "projection.json", picture: "projection.svg" },
  async run({ features, perplexity, iterations, seed }, context) {
    const { readFeatures } = await import("../lib/artifacts/features.ts");
    const { projectPoints } = await import("../lib/report/projection.ts");
    const { scatterPanels } = await import("../lib/report/scatter.ts");
    const { concatenate } = await import("../lib/tensor/concatenate.ts");
    const { Random } = await import("../lib/tensor/random.ts");
    const groups = await Promise.all(features.map(({ path }) => readFeatures(path)));
    const width = groups[0]!.width;
    const other = groups.find((group) => group.width !== width);
    if (other !== undefined) {
      throw new RangeError(
        `Cannot project features of ${other.model} (${other.width} wide) with those of ${
          groups[0]!.model
        } (${width} wide)`,
      );
    }
    const { classes } = groups[0]!;
    const stranger = groups.find((group) => `${group.classes}` !== `${classes}`);
    if (stranger !== undefined) {
      throw new RangeError(
        `Cannot project features of ${stranger.task} with those of ${
          groups[0]!.task
        }: their classes differ`,
      );
    }
    const random = new Random(`projection ${seed}`);
    const count = groups.reduce((sum, group) => sum + group.labels.length, 0);
    const data = concatenate(groups.map((group) => group.data));
    const places = projectPoints({ count, width, data }, {
      ...{ perplexity, iterations },
      random: () => random.uniform(),
    });
    let at = 0;
    const panels = groups.map(({ model, method, labels }) => ({
      title: `${method}, ${model.split("/").at(-1)}`,
      model,
      method,
      points: [...labels].map((label) => {
        const [x, y] = places[at++]!;
        return { x, y, label };
      }),
    }));
    const text = JSON.stringify({ classes, panels });
    await Deno.writeTextFile(context.output("projection"), text + "\n");
    await Deno.writeTextFile(context.output("picture"), scatterPanels(panels, classes).text);
  },
});
