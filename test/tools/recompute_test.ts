import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Scores } from "../../lib/artifacts/scores.ts";
import { hasPython, runOnReport } from "./run_on_report.ts";
import { syntheticExperiment, syntheticScores } from "../evaluation/synthetic_scores.ts";

const ignore = !await hasPython();
if (ignore) console.log("skipped: recompute.py, as there is no python3");

const recompute = (
  ...args: Parameters<typeof runOnReport> extends [unknown, ...infer Rest] ? Rest : never
) => runOnReport("recompute.py", ...args);

/** Rows of few drawings that differ, of classes with one drawing, of styles, of unequal classes. */
const shapes: [string, (run: Scores) => Scores][] = [
  ["as it is", (run) => run],
  [
    "with four styles",
    (run) => ({ ...run, rows: run.rows.map((row, i) => ({ ...row, style: `${i % 80 % 4}` })) }),
  ],
  [
    "of three drawings",
    (run) => ({ ...run, rows: run.rows.map((row, i) => ({ ...row, cluster: `${i % 3}` })) }),
  ],
  [
    "with a class of one drawing",
    (run) => ({
      ...run,
      rows: run.rows.map((row) => row.answer === 2 ? { ...row, cluster: "lone" } : row),
    }),
  ],
  ["of unequal classes", (run) => ({ ...run, rows: run.rows.slice(0, 399) })],
  [
    "where nothing differs",
    (run) => ({
      ...run,
      rows: run.rows.map((row) => ({ ...row, hit: true, prediction: row.answer })),
    }),
  ],
  [
    "where only classes differ",
    (run) => ({ ...run, rows: run.rows.map((row) => ({ ...row, hit: row.answer !== 0 })) }),
  ],
  ["of free answers", ({ classes: _, ...run }) => run],
];
for (const [name, shape] of shapes) {
  Deno.test({
    name: `recompute.py comes to the figures of a report ${name}`,
    ignore,
    fn: async () => {
      const { code, text } = await recompute(syntheticExperiment().map(shape));
      assertStringIncludes(text, " figures from 26 files of answers, 0 disagree");
      assertEquals(code, 0);
    },
  });
}

Deno.test({
  name: "recompute.py knows rows of settings and of what differs",
  ignore,
  fn: async () => {
    const plain = ["none", "shrunk"].flatMap((method) =>
      ["zoo/a", "zoo/b"].map((model) => syntheticScores({ model, method, rate: 0.5 }))
    );
    const prompted = [4, 16].flatMap((shots) =>
      [1, 8].flatMap((lr) =>
        [0, 1].flatMap((seed) =>
          ["zoo/a", "zoo/b"].map((model) =>
            syntheticScores({
              ...{ model, method: "vp", seed, rate: 0.5, setting: { shots } },
              treatment: { canvas: 64, lr },
            })
          )
        )
      )
    );
    const { code, text } = await recompute([...plain, ...prompted]);
    assertStringIncludes(text, ", 0 disagree");
    assertEquals(code, 0);
  },
});

const lies: [string, (report: Record<string, unknown>) => void, string][] = [
  [
    "another accuracy",
    (report) => (report.scores as { mean: number }[])[0]!.mean += 0.001,
    "mean: ",
  ],
  [
    "another interval",
    (report) => (report.comparisons as { ci95: number[] }[])[0]!.ci95[0]! += 0.001,
    "end 0 of the interval: ",
  ],
  ["another p", (report) => (report.comparisons as { p: number }[])[0]!.p += 0.001, "p: "],
  [
    "no correction",
    (report) => {
      const named = report.comparisons as { primary: boolean; p: number; pHolm: number }[];
      for (const c of named) if (c.primary) c.pHolm = c.p;
    },
    "p (Holm): ",
  ],
  [
    "more models",
    (report) => (report.agreements as { effective: number }[])[0]!.effective += 0.1,
    "effective: ",
  ],
  ["other answers", (report) => report.answers = ["0".repeat(64)], "are not those of the report"],
];
for (const [name, lie, found] of lies) {
  Deno.test({
    name: `recompute.py finds a report with ${name}`,
    ignore,
    fn: async () => {
      const { code, text } = await recompute(syntheticExperiment(), lie);
      assertStringIncludes(text, found);
      assertEquals(code, 1);
    },
  });
}
