import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Scores } from "../../lib/artifacts/scores.ts";
import { syntheticExperiment } from "../evaluation/synthetic_scores.ts";
import { hasPython, runOnReport } from "./run_on_report.ts";

const ignore = !await hasPython("numpy");
if (ignore) console.log("skipped: resample.py, as there is no python3 with numpy");

/** Three seeds and two baselines, of drawings alone, of styles, of classes that are not even. */
const shapes: [string, (run: Scores) => Scores][] = [
  ["as it is", (run) => run],
  [
    "with four styles",
    (run) => ({ ...run, rows: run.rows.map((row, i) => ({ ...row, style: `${i % 80 % 4}` })) }),
  ],
  ["of unequal classes", (run) => ({ ...run, rows: run.rows.slice(0, 399) })],
];
for (const [name, shape] of shapes) {
  Deno.test({
    name: `resample.py draws the intervals of a report ${name}`,
    ignore,
    fn: async () => {
      const { code, text } = await runOnReport("resample.py", syntheticExperiment().map(shape));
      assertMatch(text, /^[1-9]\d+ intervals agree, 0 do not, /);
      assertEquals(code, 0);
    },
  });
}

Deno.test({
  name: "resample.py finds an interval that is a tenth too narrow",
  ignore,
  fn: async () => {
    const { code, text } = await runOnReport("resample.py", syntheticExperiment(), (report) => {
      const [first] = report.comparisons as { ci95: [number, number]; difference: number }[];
      const { ci95, difference } = first!;
      first!.ci95 = ci95.map((end) => difference + 0.9 * (end - difference)) as [number, number];
    });
    assertStringIncludes(text, " 1 do not, ");
    assertEquals(code, 1);
  },
});
