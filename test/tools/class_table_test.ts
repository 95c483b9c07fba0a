import { assertEquals } from "@std/assert";
import { classTable } from "./class_table.ts";

const score = (method: string, model: string, source: string | null, means: number[]) => ({
  task: "t",
  model,
  source,
  method,
  mean: (means[0]! + means[1]!) / 2,
  classes: means.map((mean, i) => ({ name: ["one", "two"][i]!, mean })),
  ...(source === null ? {} : { setting: { lr: 8 } }),
});

const scores = [
  score("shrunk", "a", null, [0.1, 0.9]),
  score("shrunk", "b", null, [0.8, 0.2]),
  score("vp", "a", "a", [0.9, 0.8]),
  score("vp", "b", "a", [0.8, 0.15]),
  score("tvp", "b", "a", [0.5, 0.5]),
];

Deno.test("classTable() tells what a prompt changes on each model, class by class", () => {
  assertEquals(classTable(scores, "t", ["vp,8"]), [
    "| prompt | from | on | all | one | two |",
    "| --- | --- | --- | ---: | ---: | ---: |",
    "| shrunk | – | a | 50 | 10 | 90 |",
    "| shrunk | – | b | 50 | 80 | 20 |",
    "| vp,8 | a | a | +35 | +80 | −10 |",
    "| vp,8 | a | b | −2 | +0 | −5 |",
  ]);
  assertEquals(classTable(scores, "t").length, 7);
});
