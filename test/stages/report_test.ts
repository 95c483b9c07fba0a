import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import type { Scores } from "../../lib/artifacts/scores.ts";
import type { StageContext } from "../../lib/pipeline/contract/stage.ts";
import report from "../../stages/report.ts";
import { syntheticExperiment, syntheticScores } from "../evaluation/synthetic_scores.ts";

/** What the stage makes of these scores: its Markdown, its page and its JSON. */
async function reported(scores: readonly Scores[], parameters: Record<string, unknown> = {}) {
  const folder = await Deno.makeTempDir();
  try {
    const write = async (run: Scores, name: string) => {
      const path = join(folder, name);
      await Deno.writeTextFile(path, JSON.stringify(run) + "\n");
      return { type: "scores", digest: `digest of ${name}`, path };
    };
    const { validation = [], ...rest } = parameters as { validation?: readonly Scores[] };
    const given = {
      scores: await Promise.all(scores.map((run, i) => write(run, `${i}`))),
      validation: await Promise.all(validation.map((run, i) => write(run, `validation ${i}`))),
      ...rest,
    };
    const context = { output: (name: string) => join(folder, name) } as StageContext;
    await report.run(report.with.parse(given), context);
    const text = (name: string) => Deno.readTextFile(join(folder, name));
    return {
      markdown: await text("markdown"),
      html: await text("html"),
      json: JSON.parse(await text("json")),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Row {
  readonly a: string;
  readonly b: string;
  readonly over: string;
  readonly primary: boolean;
}

const named = { a: "tvp", b: "vp", over: "unseen" };
const families: [string, unknown, number][] = [
  ["none", undefined, 0],
  ["one comparison", named, 1],
  ["a family", [named, { a: "tvp", b: "shrunk", over: "source" }], 2],
];
for (const [name, primary, count] of families) {
  Deno.test(`report takes ${name} named beforehand`, async () => {
    const { json } = await reported(syntheticExperiment(), primary ? { primary } : {});
    assertEquals(json.comparisons.filter((c: Row) => c.primary).length, count);
    assertEquals(json.missing, []);
  });
}

Deno.test("report lists the answers that its figures are of, and shows no images in its JSON", async () => {
  const scores = syntheticExperiment();
  const { json } = await reported(scores, { primary: named });
  assertEquals(json.answers, scores.map((_, i) => `digest of ${i}`));
  assertEquals(Object.keys(json).sort(), [
    ...["agreements", "answers", "comparisons", "family", "matrices", "missing", "preconditions"],
    ...["predictors", "provenance", "scores", "sweeps", "unseenMeans"],
  ]);
});

Deno.test("report asks its conditions of validation images where there are some", async () => {
  const validation = ["zoo/a", "zoo/b"].map((model) =>
    syntheticScores({ model, method: "shrunk", rate: 0.2, rows: 100 })
  );
  const { markdown, html } = await reported(syntheticExperiment(), { validation });
  for (const text of [markdown, html]) {
    assertStringIncludes(text, "(validation images)");
    assertStringIncludes(text, "Not a fair test of emoji10");
  }
});

Deno.test("report refuses scores of different data", async () => {
  const [first, ...rest] = syntheticExperiment();
  const other = { ...first!, rows: first!.rows.map((row) => ({ ...row, digest: "other" })) };
  await assertRejects(() => reported([other, ...rest]), DiagnosticError, "answered different data");
});
