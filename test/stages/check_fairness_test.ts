import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { Scores } from "../../lib/artifacts/scores.ts";
import { writeDatasetFolder } from "../../lib/data/dataset_folder.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import type { StageContext } from "../../lib/pipeline/contract/stage.ts";
import checkFairness from "../../stages/check_fairness.ts";
import { syntheticScores } from "../evaluation/synthetic_scores.ts";

const letters = ["a", "b", "c", "d", "e"];
const run = (model: string, method: string, rate: number, more = {}) =>
  syntheticScores({ model: `zoo/${model}`, method, rate, ...more });

/** Five models and a CLIP that know the task as well as this. */
const experiment = (rate: number) => [
  ...["shrunk", "plain", "noise"].flatMap((method) =>
    letters.map((m) => run(m, method, method === "shrunk" ? rate : rate + 0.06, { stem: m }))
  ),
  run("clip", "shrunk", rate + 0.1, { role: "clip" }),
];

/** Writes a split of 64 drawings, none of which another split has. */
async function writeSplit(path: string, name: string): Promise<void> {
  const rows = Array.from({ length: 64 }, (_, i) => ({
    id: `${name}/${i}`,
    cluster: `${name}/${i}`,
    instruction: "what is it?",
    answer: ["cat", "dog", "bird", "ship"][i % 4]!,
    label: i % 4,
  }));
  const info = {
    name: "emoji10",
    kind: "classification",
    classes: ["cat", "dog", "bird", "ship"],
    licence: "CC0-1.0",
    source: "a test",
  } as const;
  const images = new Uint8Array(64 * 3 * 4);
  await writeDatasetFolder(path, info, { rows, images, height: 2, width: 2 });
}

/** What the stage says and writes of these scores. */
async function checked(scores: readonly Scores[], more: Record<string, unknown> = {}) {
  const folder = await Deno.makeTempDir();
  try {
    const logged: string[] = [];
    const artifact = (type: string, name: string) => ({
      type,
      digest: name,
      path: join(folder, name),
    });
    const splits: Record<string, unknown> = {};
    for (const name of ["train", "validation", "test"]) {
      splits[name] = artifact("dataset", name);
      await writeSplit(join(folder, name), name);
    }
    const files = await Promise.all(scores.map(async (each, i) => {
      await Deno.writeTextFile(join(folder, `${i}`), JSON.stringify(each) + "\n");
      return artifact("scores", `${i}`);
    }));
    const context = {
      output: (name: string) => join(folder, `out-${name}`),
      log: (line: string) => void logged.push(line),
    } as unknown as StageContext;
    const given = checkFairness.with.parse({ scores: files, ...splits, ...more });
    await checkFairness.run(given, context);
    const verdict = JSON.parse(await Deno.readTextFile(join(folder, "out-verdict")));
    return { logged, verdict, text: await Deno.readTextFile(join(folder, "out-text")) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("check-fairness prints every condition and passes a fair task", async () => {
  const { logged, verdict, text } = await checked(experiment(0.7));
  assertEquals([verdict.task, verdict.fair], ["emoji10", true]);
  assertEquals(verdict.conditions.length, logged.length);
  assertEquals(text, logged.join("\n") + "\n");
});

Deno.test("check-fairness fails an unfair task, and says why", async () => {
  const error = await assertRejects(() => checked(experiment(0.5)), DiagnosticError);
  const [{ code, message, notes = [] }] = error.diagnostics as [typeof error.diagnostics[0]];
  assertEquals(code, "not-fair");
  assertEquals(
    message,
    "Cannot take emoji10 for a fair test: 1 of 10 conditions do not hold",
  );
  assertEquals(notes.length, 2);
  assertEquals(
    notes[0]!.split(" (")[0],
    "This condition fails: every model is right on 55 to 85 % of the shrunk images",
  );
});

Deno.test("check-fairness tells only, where nothing is required", async () => {
  const { verdict } = await checked(experiment(0.5), { require: false });
  assertEquals(verdict.fair, false);
});
