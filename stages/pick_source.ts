import { z } from "zod";
import { points } from "../lib/report/words.ts";
import { artifact, defineStage, model, type ModelSource } from "../lib/pipeline/contract/stage.ts";

/** Chooses the model that prompts are trained on. */
export default defineStage({
  name: "pick-source",
  description:
    "Picks the source model: by name, or the one that is best on a split without a prompt.",
  with: z.strictObject({
    candidates: z.array(model()).min(1).describe("models to choose from"),
    data: artifact("dataset").describe(
      "rows to compare them on, of the validation split and never of the test split",
    ),
    by: z.string().default("accuracy")
      .describe('"accuracy", or the name of one of the candidates'),
    batch: z.int().min(1).default(32).describe("images per run"),
  }),
  outputs: { model: "model", scores: "json" },
  files: { scores: "scores.json" },
  permissions: ["ffi"],
  async run(parameters, context) {
    const { openDatasetFolder } = await import("../lib/data/dataset_folder.ts");
    const { evaluateModel } = await import("../lib/evaluation/evaluate.ts");
    const { candidates, by } = parameters;
    const named = candidates.find(({ name }) => name === by);
    if (by !== "accuracy" && named === undefined) await refuse(by, candidates);
    const data = await openDatasetFolder(parameters.data.path);
    const total = named === undefined ? candidates.length * data.rows.length : data.rows.length;
    const scores: { model: string; accuracy: number; images: number }[] = [];
    for (const candidate of named === undefined ? candidates : [named]) {
      const before = scores.length * data.rows.length;
      const { mean } = await evaluateModel({
        model: candidate,
        data,
        match: "token",
        maxTokens: 16,
        batch: Math.min(parameters.batch, data.rows.length),
        session: {
          provider: context.provider,
          threads: context.threads,
          onOpen: (facts) => context.ranOn(facts),
        },
        signal: context.signal,
        onProgress: (done, _, accuracy) =>
          context.progress({ done: before + done, total, unit: "images", metrics: { accuracy } }),
      });
      context.log(`${candidate.name}: ${points(mean)} %`);
      scores.push({ model: candidate.name, accuracy: mean, images: data.rows.length });
    }
    // The first of equals: the order of the candidates decides, so that the choice is repeatable.
    const best = scores.reduce((a, b) => b.accuracy > a.accuracy ? b : a);
    const picked = candidates.find(({ name }) => name === best.model)!;
    const { copyTree } = await import("../lib/models/copy_tree.ts");
    await copyTree(picked.path, context.output("model"));
    const result = { picked: best.model, by, task: data.info.name, candidates: scores };
    await Deno.writeTextFile(context.output("scores"), JSON.stringify(result, null, 2) + "\n");
  },
});

async function refuse(by: string, candidates: readonly ModelSource[]): Promise<never> {
  const { DiagnosticError } = await import("../lib/diagnostic/diagnostic.ts");
  throw new DiagnosticError([{
    code: "unknown-candidate",
    severity: "error",
    message:
      `Cannot pick a source by "${by}": it is neither "accuracy" nor the name of a candidate`,
    notes: [`Candidates: ${candidates.map(({ name }) => name).join(", ")}`],
  }]);
}
