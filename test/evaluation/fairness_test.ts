import { assertEquals } from "@std/assert";
import { fairnessLines, fairnessOf, sampleOf } from "../../lib/evaluation/fairness.ts";
import { syntheticScores } from "./synthetic_scores.ts";

const letters = ["a", "b", "c", "d", "e"];

const run = (model: string, method: string, rate: number, more = {}) =>
  syntheticScores({ model: `zoo/${model}`, method, rate, ...more });

/** Five independent models and a CLIP, of whom every condition holds. */
const fair = [
  ...["shrunk", "plain", "noise"].flatMap((method) =>
    letters.map((m) => run(m, method, 0.7 + (method === "shrunk" ? 0 : 0.02), { stem: m }))
  ),
  run("clip", "shrunk", 0.8, { role: "clip" }),
];

/** A split of drawings from the `first` on. */
function split(first: number, drawings = 80) {
  const rows = Array.from({ length: 400 }, (_, i) => ({
    cluster: `drawing-${first + i % drawings}`,
    label: i % 4,
    answer: "x",
  }));
  return sampleOf({ rows, info: { classes: ["cat", "dog", "bird", "ship"] } });
}

const splits = { training: split(0), validation: split(100), test: split(200) };

const failing = (...args: Parameters<typeof fairnessOf>) =>
  fairnessOf(...args).filter(({ holds }) => !holds).map(({ name, found }) => `${name}: ${found}`);

Deno.test("fairnessOf() finds nothing where every condition holds", () => {
  assertEquals(failing("emoji10", fair, splits), []);
  const on = fairnessOf("emoji10", fair, splits).map((condition) => condition.on);
  assertEquals(on.filter((split) => split === "test").length, 2);
});

Deno.test("fairnessOf() finds drawings that splits share", () => {
  const shared = { ...splits, test: split(70), validation: split(120) };
  assertEquals(failing("emoji10", fair, shared), [
    "training, validation and test share no drawing: training and test share 10, validation and test share 30",
  ]);
});

Deno.test("fairnessOf() counts the drawings of the test split, which nobody has answered", () => {
  assertEquals(failing("emoji10", fair, { ...splits, test: split(200, 40) }), [
    "the test has at least 60 different drawings, at least 4 of each class: 40, at least 10 of each class",
  ]);
});

Deno.test("fairnessOf() does not pass what was not measured", () => {
  const few = fair.filter(({ method, role, model }) =>
    method !== "plain" && role !== "clip" && ["zoo/a", "zoo/b"].includes(model)
  );
  assertEquals(failing("emoji10", few, splits), [
    "everything that the conditions need was measured: missing: plain, models (2 of 3), a CLIP",
    "the unseen models count as at least 3 independent ones: 2 models unseen by any prompt count as 2.0",
  ]);
  assertEquals(failing("kind10", fair, splits), [
    "everything that the conditions need was measured: missing: shrunk, plain, noise, models (0 of 3), a CLIP",
  ]);
});

Deno.test("fairnessLines() say what holds and what was found", () => {
  const [first, second] = fairnessLines(fairnessOf("emoji10", fair, splits));
  assertEquals(
    first,
    "ok  everything that the conditions need was measured (validation: shrunk, plain, noise)",
  );
  assertEquals(
    second,
    "ok  training, validation and test share no drawing (test: training 80, validation 80, test 80)",
  );
});
