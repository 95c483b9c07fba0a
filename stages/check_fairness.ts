import { z } from "zod";
import { artifact, defineStage } from "../lib/pipeline/contract/stage.ts";

/** Asks whether a task is a fair test of transfer, before a prompt is trained. */
export default defineStage({
  name: "check-fairness",
  description:
    "Checks the preconditions of a fair test on validation data, and stops if one fails.",
  with: z.strictObject({
    scores: z.array(artifact("scores")).min(1).describe(
      "outputs of transfer-evaluate for baselines on validation data; those of other tasks are left out",
    ),
    train: artifact("dataset").describe("training split of the task"),
    validation: artifact("dataset").describe("validation split"),
    test: artifact("dataset").describe(
      "test split: its drawings are counted, and no answers are used",
    ),
    require: z.boolean().default(true)
      .describe("whether the stage fails if a condition does not hold; otherwise it only reports"),
  }),
  outputs: { verdict: "json", text: "text" },
  files: { verdict: "verdict.json", text: "verdict.txt" },
  async run({ scores, train, validation, test, require }, context) {
    const { readScores } = await import("../lib/artifacts/scores.ts");
    const { openDatasetFolder } = await import("../lib/data/dataset_folder.ts");
    const { DiagnosticError } = await import("../lib/diagnostic/diagnostic.ts");
    const { fairnessLines, fairnessOf, sampleOf } = await import("../lib/evaluation/fairness.ts");
    const folders = await Promise.all(
      [train, validation, test].map(({ path }) => openDatasetFolder(path)),
    );
    const [training, checked, tested] = folders.map(sampleOf);
    const task = folders[0]!.info.name;
    const conditions = fairnessOf(
      task,
      await Promise.all(scores.map(({ path }) => readScores(path))),
      { training: training!, validation: checked!, test: tested! },
    );
    const lines = fairnessLines(conditions);
    for (const line of lines) context.log(line);
    const failed = conditions.filter(({ holds }) => !holds);
    if (require && failed.length > 0) {
      throw new DiagnosticError([{
        code: "not-fair",
        severity: "error",
        message: `Cannot take ${task} for a fair test: ${failed.length} of ${conditions.length} ` +
          "conditions do not hold",
        notes: [
          ...failed.map(({ name, found }) => `This condition fails: ${name} (${found})`),
          "Take another task or other models, or set require: false to only report it",
        ],
      }]);
    }
    await Deno.writeTextFile(
      context.output("verdict"),
      JSON.stringify({ task, fair: failed.length === 0, conditions }, null, 2) + "\n",
    );
    await Deno.writeTextFile(context.output("text"), lines.join("\n") + "\n");
  },
});
