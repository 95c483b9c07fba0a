import { assertEquals } from "@std/assert";
import { answerTable } from "./answer_table.ts";

Deno.test("the table of answers counts what is given and what is right, over all seeds, by setting", () => {
  const rows = (predictions: readonly string[]) =>
    predictions.map((prediction, i) => {
      const answer = ["one", "two"][i % 2]!;
      return { answer, prediction, hit: prediction === answer };
    });
  const run = { task: "count", model: "zoo/mini-a", method: "vp" };
  const table = answerTable([
    { ...run, rows: rows(["one", "two"]) },
    { ...run, rows: rows(["two", "two"]) },
    { ...run, setting: { rms: 0.3 }, rows: rows(["one", "two"]) },
  ]);
  assertEquals(table, [
    "| method | model | one: given, right | two: given, right |",
    "| --- | --- | --- | --- |",
    "| VP | mini-a | 25, 50 | 75, 100 |",
    "| VP, rms 0.3 | mini-a | 50, 100 | 50, 100 |",
  ]);
});
