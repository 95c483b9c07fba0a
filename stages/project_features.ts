import { z } from "zod";
import { artifact, defineStage } from "../lib/pipeline/contract/stage.ts";

/** Features of several prompts on one plane. */
export default defineStage({
  name: "project-features",
  description: "Projects image features to the plane with t-SNE, all of them together.",
  with: z.strictObject({
    features: z.array(artifact("tensor")).min(1).describe("what extract-features wrote"),
    perplexity: z.number().min(1).default(30).describe("about how many neighbours count"),
    iterations: z.int().min(1).default(750).describe("steps of the projection"),
    seed: z.int().min(0).default(0).describe("chooses the places to begin with"),
  }),
  outputs: { projection: "json", picture: "file" },
  files: { projection: "projection.json", picture: "projection.svg" },
  async run({ features, perplexity, iterations, seed }, context) {
    const { projectPoints } = await import("../lib/report/projection.ts");
    const { scatterPanels } = await import("../lib/report/scatter.ts");
    const { Random } = await import("../lib/tensor/random.ts");
    const groups = await Promise.all(features.map(({ path }) => readGroup(path)));
    const width = groups[0]!.width;
    const other = groups.find((group) => group.width !== width);
    if (other !== undefined) {
      throw new RangeError(
        `Cannot project features of ${other.model} (${other.width} wide) with those of ${
          groups[0]!.model
        } (${width} wide)`,
      );
    }
    const random = new Random(`projection ${seed}`);
    const count = groups.reduce((sum, group) => sum + group.labels.length, 0);
    const data = Float32Array.from(groups.flatMap((group) => [...group.data]));
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
    const { classes } = groups[0]!;
    const text = JSON.stringify({ classes, panels });
    await Deno.writeTextFile(context.output("projection"), text + "\n");
    await Deno.writeTextFile(context.output("picture"), scatterPanels(panels, classes).text);
  },
});

async function readGroup(path: string) {
  const { decodeSafetensors } = await import("../lib/tensor/safetensors.ts");
  const { tensors, metadata } = decodeSafetensors(await Deno.readFile(path));
  const { features, labels } = tensors;
  if (features?.dtype !== "float32" || labels?.dtype !== "int32") {
    throw new SyntaxError(
      `Cannot read features "${path}": expected tensors "features" and "labels", found ${
        Object.keys(tensors).join(", ") || "none"
      }`,
    );
  }
  return {
    data: features.data as Float32Array,
    width: features.dims[1]!,
    labels: labels.data as Int32Array,
    model: metadata.model ?? "",
    method: metadata.method ?? "",
    classes: JSON.parse(metadata.classes ?? "[]") as string[],
  };
}
