import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { drawTask } from "../../lib/drawing/balanced_task.ts";
import { listDrawings } from "../../lib/drawing/class_drawings.ts";
import { assertSplitsApart } from "../../lib/data/check_splits.ts";
import type { LoadOptions } from "../../lib/data/dataset.ts";
import dataset, { emoji10 } from "../../datasets/emoji10.ts";
import { paintedTask, type RecognitionParameters } from "../../lib/drawing/recognition.ts";
import { emojiClasses, emojiMembers } from "../../lib/drawing/emoji_classes.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { patches } from "./synthetic_art.ts";

const subjects = emojiClasses.flatMap((name) => emojiMembers[name]).map((label) => ({ label }));
const absent = [subjects.findIndex(({ label }) => label === "poodle")];
const drawings = listDrawings(emojiMembers, subjects, [
  patches("emojione", subjects.length, absent),
  patches("emojione-v1", subjects.length),
]);
const settings = dataset.parameters!.parse({}) as RecognitionParameters;
const options: LoadOptions = { seed: 0, downloads: "unused", shots: 3 };
const draw = (change: Partial<LoadOptions> = {}, some = drawings) =>
  drawTask(paintedTask(emoji10, some, settings), { ...options, ...change });

Deno.test("drawTask() is balanced, and its splits share no drawing", async () => {
  const splits = draw();
  assertEquals(
    Object.values(splits).map(({ rows, images }) => [rows.length, images.length / 12288]),
    [[30, 30], [500, 500], [1000, 1000]],
  );
  for (const { rows } of Object.values(splits)) {
    const counts = emojiClasses.map((name) => rows.filter((row) => row.answer === name).length);
    assertEquals(new Set(counts).size, 1, String(counts));
    for (const row of rows) assertEquals(emojiClasses[row.label!], row.answer);
  }
  const notes = splits.test.notes!;
  assert(notes[0]!.includes("airplane (8), automobile (16)"), notes[0]!);
  await assertSplitsApart("emoji10", splits);
  const cats = splits.test.rows.filter(({ answer }) => answer === "cat");
  assert(cats.every(({ cluster, style }) => /^cat\/[a-z -]+\//.test(cluster) && style));
});

Deno.test("drawTask() takes training images by seed and keeps the test the same", () => {
  const [a, b, more] = [{}, { seed: 1 }, { shots: 5 }]
    .map((change) => draw(change));
  assertEquals(a!.test, b!.test);
  assertEquals(a!.validation, b!.validation);
  assert(a!.train.images.some((value, i) => value !== b!.train.images[i]));
  assertEquals(more!.train.images.subarray(0, a!.train.images.length), a!.train.images);
  assertEquals(a!.train.rows, more!.train.rows.slice(0, 30));
});

Deno.test("drawTask() takes a percentage of the hundred rows per class", () => {
  const { shots: _, ...rest } = options;
  const task = paintedTask(emoji10, drawings, settings);
  assertEquals(drawTask(task, { ...rest, percentage: 4 }).train.rows.length, 40);
  const cases = [
    [{ shots: 2, percentage: 4 }, "shots (2) and percentage (4) exclude each other"],
    [{ percentage: 0.1 }, "0 per class of 100 are left, at least 1 is needed"],
  ] as const;
  for (const [change, cause] of cases) {
    assertThrows(
      () => drawTask(task, { ...rest, ...change }),
      DiagnosticError,
      `Cannot choose training rows: ${cause}`,
    );
  }
});

Deno.test("paintedTask() names the classes with too few drawings in the styles", () => {
  const some = drawings.filter((drawing) =>
    drawing.class !== "bug" && !(drawing.class === "dog" && drawing.style === "emojione")
  ).filter((drawing) => drawing.label !== "poodle");
  assertThrows(
    () => draw({}, some),
    DiagnosticError,
    "Cannot draw emoji10 in emojione, emojione-v1, openmoji, fxemoji: splits that share no drawing " +
      "need 5 of each class, too few are of dog (4), bug (0)",
  );
});

Deno.test("drawTask() stops when it is told to", () => {
  const signal = AbortSignal.abort(new DOMException("enough", "AbortError"));
  assertThrows(() => draw({ signal }), DOMException);
});

Deno.test("emoji10 rejects parameters that it does not have", async () => {
  await assertRejects(() => dataset.load({ ...options, parameters: { scal: [1, 2] } }));
});
