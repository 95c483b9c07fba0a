import { z } from "zod";
import type { Primary } from "../lib/artifacts/report.ts";
import { schemaOf } from "../lib/diagnostic/schema_of.ts";
import { type Artifact, artifact, defineStage } from "../lib/pipeline/contract/stage.ts";

const comparison = schemaOf<Primary>()(
  z.strictObject({
    a: z.string().describe("method that is expected to be better, such as tvp"),
    b: z.string().describe("method it is compared with, such as vp or shrunk"),
    over: z.enum(["source", "unseen", "own-encoder"]).describe("models whose mean is compared"),
  }).describe("a − b"),
);

/** The report: an HTML page, Markdown for job summaries, JSON for machines. */
export default defineStage({
  name: "report",
  description: "Accuracies with intervals, paired differences, curves, prompts and examples.",
  with: z.strictObject({
    title: z.string().default("Visual prompts").describe("heading of the page"),
    scores: z.array(artifact("scores")).min(1).describe("outputs of transfer-evaluate"),
    curves: z.array(artifact("curve")).default([]).describe("training curves"),
    prompts: z.array(artifact("prompt")).default([]).describe("trained prompts to show"),
    data: artifact("dataset").optional().describe("the evaluated split, for example images"),
    figures: z.record(z.string(), artifact("file")).default({})
      .describe("more images (SVG or PNG) by their captions, such as those of project-features"),
    estimates: z.array(artifact("estimate")).default([])
      .describe("outputs of estimate-transfer; the report compares them with the measured gains"),
    costs: z.array(artifact("cost")).default([]).describe("outputs of measure-cost"),
    examples: z.int().min(0).default(6).describe("number of example images"),
    validation: z.array(artifact("scores")).default([])
      .describe(
        "scores of baselines on the validation split; they decide whether the test is fair",
      ),
    primary: z.union([comparison, z.array(comparison)]).default([])
      .describe(
        "the family of comparisons named beforehand, of every task and source: Holm-corrected",
      ),
  }),
  outputs: { html: "file", markdown: "text", json: "json" },
  files: { html: "index.html", markdown: "report.md", json: "report.json" },
  permissions: ["ffi"],
  async run(parameters, context) {
    const { buildReport } = await import("../lib/evaluation/report_input.ts");
    const { renderPage } = await import("../lib/report/page.ts");
    const { renderMarkdown } = await import("../lib/report/markdown.ts");
    const { openDatasetFolder } = await import("../lib/data/dataset_folder.ts");
    const { readCost } = await import("../lib/artifacts/cost.ts");
    const { readCurve } = await import("../lib/artifacts/curve.ts");
    const { readEstimate } = await import("../lib/artifacts/estimate.ts");
    const { readPrompt } = await import("../lib/artifacts/prompt.ts");
    const { readScores } = await import("../lib/artifacts/scores.ts");
    const all = <T>(files: readonly Artifact[], read: (path: string) => Promise<T>) =>
      Promise.all(files.map(({ path }) => read(path)));

    const summary = await buildReport({
      title: parameters.title,
      scores: await all(parameters.scores, readScores),
      curves: await all(parameters.curves, readCurve),
      prompts: await all(parameters.prompts, readPrompt),
      ...(parameters.data ? { data: await openDatasetFolder(parameters.data.path) } : {}),
      primary: [parameters.primary].flat(),
      validation: await all(parameters.validation, readScores),
      examples: parameters.examples,
      estimates: await all(parameters.estimates, readEstimate),
      costs: await all(parameters.costs, readCost),
      figures: await Promise.all(
        Object.entries(parameters.figures).map(async ([caption, { path }]) => ({
          caption,
          bytes: await Deno.readFile(path),
        })),
      ),
    });
    const data = { ...summary, provenance: { ...summary.provenance, ...computedOn(parameters) } };
    const {
      title: _title,
      curves: _curves,
      prompts: _prompts,
      specimens: _specimens,
      examples: _examples,
      costs: _costs,
      figures: _figures,
      ...machine
    } = data;
    await Deno.writeTextFile(context.output("html"), renderPage(data));
    await Deno.writeTextFile(context.output("markdown"), renderMarkdown(data));
    // What the figures are of: test/tools/recompute.py finds these files and no others.
    const answers = parameters.scores.map(({ digest }) => digest);
    await Deno.writeTextFile(
      context.output("json"),
      JSON.stringify({ ...machine, answers }, null, 2) + "\n",
    );
  },
});

/** The devices that trained the prompts and answered, where they are known. */
function computedOn(
  { scores, curves }: {
    readonly scores: readonly Artifact[];
    readonly curves: readonly Artifact[];
  },
): Record<string, string> {
  const rows = Object.entries({ "scores computed on": scores, "prompts trained on": curves });
  const devices = rows.map(([name, artifacts]) =>
    [name, [...new Set(artifacts.flatMap(({ provider }) => provider ?? []))].sort()] as const
  );
  return Object.fromEntries(
    devices.filter(([, names]) => names.length > 0).map((
      [name, names],
    ) => [name, names.join(", ")]),
  );
}
