import { z } from "zod";
import { dataset, defineStage } from "../lib/pipeline/contract/stage.ts";
import type { Dataset } from "../lib/data/dataset.ts";

/** Loads a data set and splits it into training, validation and test rows. */
export default defineStage({
  name: "load-dataset",
  description: "Loads or draws a data set: training, validation and test pictures with questions.",
  with: z.strictObject({
    dataset: dataset().describe("name of a data set, such as emoji10"),
    shots: z.int().min(1).optional().describe("training rows per class"),
    percentage: z.number().gt(0).max(100).optional().describe("share of the training rows"),
    seed: z.int().min(0).default(0).describe("chooses the training rows"),
    parameters: z.record(z.string(), z.json()).default({})
      .describe("parameters of the data set itself, such as emoji10's scale"),
  }).refine((value) => value.shots === undefined || value.percentage === undefined, {
    error: "shots and percentage exclude each other",
    path: ["percentage"],
  }),
  outputs: { train: "dataset", validation: "dataset", test: "dataset" },
  picturesOf: "dataset",
  async run(parameters, context) {
    const { join } = await import("@std/path");
    const { writeDatasetFolder } = await import("../lib/data/dataset_folder.ts");
    const { assertSplitsApart } = await import("../lib/data/check_splits.ts");
    const { default: source } = await import(parameters.dataset.module) as { default: Dataset };
    const { shots, percentage, seed } = parameters;
    const splits = await source.load({
      seed,
      ...(shots === undefined ? {} : { shots }),
      ...(percentage === undefined ? {} : { percentage }),
      parameters: await checkParameters(source, parameters.parameters),
      downloads: join(context.scratch, "downloads"),
      signal: context.signal,
      onProgress: (done, total) => {
        if (done % 100 === 0 || done === total) context.progress({ done, total, unit: "images" });
      },
      onDownload: ({ package: name, version, bytes, seconds }) =>
        context.log(
          `fetched ${name} ${version}: ${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s`,
        ),
    });
    await assertSplitsApart(source.info.name, splits);
    for (const name of ["train", "validation", "test"] as const) {
      context.signal.throwIfAborted();
      await writeDatasetFolder(context.output(name), source.info, splits[name]);
    }
  },
});

async function checkParameters(source: Dataset, given: unknown): Promise<unknown> {
  const schema = source.parameters ?? z.strictObject({});
  const checked = schema.safeParse(given);
  if (checked.success) return checked.data;
  const { DiagnosticError } = await import("../lib/diagnostic/diagnostic.ts");
  throw new DiagnosticError(checked.error.issues.map((issue) => ({
    code: "bad-dataset-parameter",
    severity: "error",
    message: `Cannot load data set "${source.info.name}": parameter ${
      ["parameters", ...issue.path].join(".")
    } is wrong, ${issue.message}`,
  })));
}
