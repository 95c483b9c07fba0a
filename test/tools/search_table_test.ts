import { assertEquals } from "@std/assert";
import { type Score, searchTable } from "./search_table.ts";

const baseline = { task: "digits10", method: "shrunk", source: null };
const prompt = { task: "digits10", method: "vp", setting: { lr: 2 } };
const scores: readonly Score[] = [
  { ...baseline, model: "zoo/a", mean: 0.5 },
  { ...baseline, model: "zoo/b", mean: 0.5 },
  { ...baseline, model: "zoo/c", mean: 0.4 },
  { ...prompt, source: "zoo/a", model: "zoo/a", mean: 0.6 },
  { ...prompt, source: "zoo/a", model: "zoo/b", mean: 0.52 },
  { ...prompt, source: "zoo/a", model: "zoo/c", mean: 0.36 },
  { ...prompt, source: "zoo/a + zoo/d", model: "zoo/b", mean: 0.6 },
];

Deno.test("the search's table has the mean gains over shrunk on sources and targets", () => {
  assertEquals(searchTable(scores.slice(0, 6), false), [
    "| loss | lr | digits10: source, targets | source | targets | mean |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    "| vp | 2 | +10.0, −1.0 | +10.0 | −1.0 | +4.5 |",
  ]);
});

Deno.test("by target, each has its column, and prompts from several sources their row", () => {
  assertEquals(searchTable(scores, true).slice(2), [
    "| vp | 2 | 1 | +10.0, +2.0, −4.0 | +10.0 | +2.0 | −4.0 | +2.7 |",
    "| vp | 2 | 2 | –, +10.0, – | – | +10.0 | – | – |",
  ]);
});
