import { assertEquals } from "@std/assert";
import type { Comparison, ScoreSummary } from "../../lib/artifacts/report.ts";
import { accuracyTable, differenceTable, namedTable } from "./results_table.ts";

const comparison = (more: Partial<Comparison>) =>
  ({
    task: "digits10",
    source: "zoo/mini-a",
    a: "tvp",
    b: "shrunk",
    over: "own-encoder",
    models: ["zoo/mini-b", "zoo/mini-c"],
    difference: 0.016,
    ci95: [-0.006, 0.025],
    p: 0.04,
    primary: false,
    ...more,
  }) as Comparison;

Deno.test("the table of named comparisons has Holm's p, and bold goes by it", () => {
  const named = [
    comparison({ primary: true, pHolm: 0.08 }),
    comparison({ primary: true, pHolm: 0.0001, b: "none" }),
    comparison({ over: "source" }),
  ];
  assertEquals(namedTable(named).slice(2), [
    "| digits10 | mini-a | unseen, other encoders (2) | TVP − shrunk | +1.6 [−0.6, +2.5] | 0.080 |",
    "| digits10 | mini-a | unseen, other encoders (2) | TVP − none | **+1.6 [−0.6, +2.5]** | < 0.001 |",
  ]);
});

Deno.test("the table of differences has a row for each place and a column for each pair", () => {
  const all = [comparison({}), comparison({ over: "source", difference: -0.02, p: 0.5, b: "vp" })];
  assertEquals(differenceTable(all), [
    "| task | prompts from | on | TVP − shrunk | TVP − VP |",
    "| --- | --- | --- | --- | --- |",
    "| digits10 | mini-a | unseen, other encoders | **+1.6 [−0.6, +2.5]** | – |",
    "| digits10 | mini-a | source | – | −2.0 [−0.6, +2.5] |",
  ]);
});

Deno.test("the table of accuracy leaves frames out", () => {
  const score = (method: string, source: string | null, mean: number) =>
    ({ task: "digits10", model: "zoo/mini-b", method, source, mean }) as ScoreSummary;
  const scores = [
    score("none", null, 0.5),
    score("plain", "zoo/mini-a", 0.4),
    score("vp", "a", 0.6),
  ];
  assertEquals(accuracyTable(scores), [
    "| task | model | none | VP from a |",
    "| --- | --- | --- | --- |",
    "| digits10 | mini-b | 50.0 | 60.0 |",
  ]);
});
