import { z } from "zod";
import {
  type CodeSource,
  type DataFiles,
  dataset,
  defineStage,
  type StageContext,
} from "../lib/pipeline/contract/stage.ts";
import type { DataSpec } from "../lib/data/data_spec.ts";
import type { Dataset, SplitName } from "../lib/data/dataset.ts";
import type { PublishedSet } from "../lib/data/published_set.ts";

/** Loads a data set and splits it into training, validation and test rows. */
export default defineStage({
  name: "load-dataset",
  description: "Loads or draws a data set: training, validation and test images with questions.",
  with: z.strictObject({
    dataset: dataset().describe(
      "name of a data set, such as emoji10, a path, or a map such as { folder: ./images }",
    ),
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
  imagesOf: "dataset",
  permissions: ["net", "ffi"],
  async run(parameters, context) {
    const loaded = "files" in parameters.dataset
      ? loadFiles(parameters, parameters.dataset, context)
      : loadModule(parameters, parameters.dataset, context);
    await loaded;
  },
});

/** How much of a data set is wanted. */
interface Wanted {
  readonly shots?: number | undefined;
  readonly percentage?: number | undefined;
  readonly seed: number;
  readonly parameters: Readonly<Record<string, unknown>>;
}

type Context = StageContext<SplitName>;

const splits = ["train", "validation", "test"] as const;

function amountOf({ shots, percentage, seed }: Wanted) {
  return {
    seed,
    ...(shots === undefined ? {} : { shots }),
    ...(percentage === undefined ? {} : { percentage }),
  };
}

/** Tells every hundredth image, and the last. */
function progressOf(context: Context) {
  return (done: number, total: number) => {
    if (done % 100 === 0 || done === total) context.progress({ done, total, unit: "images" });
  };
}

/** A data set whose module makes its images. */
async function loadModule(wanted: Wanted, { module }: CodeSource, context: Context): Promise<void> {
  const { join } = await import("@std/path");
  const { writeDatasetFolder } = await import("../lib/data/dataset_folder.ts");
  const { assertSplitsApart } = await import("../lib/data/check_splits.ts");
  const { default: source } = await import(module) as { default: Dataset };
  const loaded = await source.load({
    ...amountOf(wanted),
    parameters: await checkParameters(source, wanted.parameters),
    downloads: join(context.scratch, "downloads"),
    signal: context.signal,
    onProgress: progressOf(context),
    onDownload: ({ package: name, version, bytes, seconds }) =>
      context.log(
        `fetched ${name} ${version}: ${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s`,
      ),
  });
  await assertSplitsApart(source.info.name, loaded);
  for (const name of splits) {
    context.signal.throwIfAborted();
    await writeDatasetFolder(context.output(name), source.info, loaded[name]);
  }
}

/** A data set in files, the user's own or a publisher's. */
async function loadFiles(
  wanted: Wanted,
  { files, module }: DataFiles,
  context: Context,
): Promise<void> {
  const { loadData } = await import("../lib/data/load_data.ts");
  const set = module === undefined
    ? undefined
    : (await import(module) as { default: PublishedSet }).default;
  const info = set?.info ?? { name: "files" };
  await loadData({
    ...amountOf(wanted),
    spec: files as DataSpec,
    ...(set === undefined ? {} : { set }),
    parameters: await checkParameters({ ...set, info }, wanted.parameters),
    output: (name) => context.output(name),
    signal: context.signal,
    onProgress: progressOf(context),
    log: (line) => context.log(line),
  });
}

async function checkParameters(
  source: { readonly info: { readonly name: string }; readonly parameters?: z.ZodType },
  given: unknown,
): Promise<unknown> {
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
