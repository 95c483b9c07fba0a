import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import emoji10, {
  drawSplits,
  type Emoji10Parameters,
  listDrawings,
  partitionDrawings,
} from "../../datasets/emoji10.ts";
import { classMembers, tenClasses } from "../../datasets/ten_classes.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { discs } from "./synthetic_art.ts";

const subjects = tenClasses.flatMap((name) => classMembers[name]).map((label) => ({ label }));
const absent = [subjects.findIndex(({ label }) => label === "moose")];
const artworks = [
  discs("emojione", subjects.length, absent),
  discs("emojione-v1", subjects.length),
];
const drawings = listDrawings(subjects, artworks);
const settings = emoji10.parameters!.parse({}) as Emoji10Parameters;
const options = { seed: 0, downloads: "unused", shots: 3 };

Deno.test("listDrawings() counts equal pictures of a class once", () => {
  assertEquals(drawings.length, 2 * subjects.length - 1);
  const twice = listDrawings(subjects, [artworks[0]!, artworks[0]!]);
  assertEquals(twice.length, subjects.length - 1);
});

Deno.test("partitionDrawings() is disjoint where a class has six drawings, and shares otherwise", () => {
  const { train, validation, test } = partitionDrawings(drawings);
  for (const name of tenClasses) {
    const of = (split: typeof train) => split.filter((drawing) => drawing.class === name);
    const all = [...of(train), ...of(validation), ...of(test)];
    const count = drawings.filter((drawing) => drawing.class === name).length;
    if (count >= 6) {
      assertEquals(new Set(all).size, all.length, name);
      assertEquals(all.length, count, name);
      assert(of(validation).length >= 1 && of(test).length >= 2, name);
    } else {
      assertEquals(of(train).length, count, name);
      assertEquals(all.length, 3 * count, name);
    }
  }
});

Deno.test("drawSplits() is balanced and says which classes share drawings", () => {
  const splits = drawSplits(drawings, settings, options);
  assertEquals(
    Object.values(splits).map(({ rows, images }) => [rows.length, images.length / 12288]),
    [[30, 30], [500, 500], [1000, 1000]],
  );
  for (const { rows } of Object.values(splits)) {
    const counts = tenClasses.map((name) => rows.filter((row) => row.answer === name).length);
    assertEquals(new Set(counts).size, 1, String(counts));
    for (const row of rows) assertEquals(tenClasses[row.label!], row.answer);
  }
  const notes = splits.test.notes!;
  assert(notes[1]!.endsWith("for: deer (3), frog (2)"), notes[1]!);
  const clusters = (name: "train" | "test") =>
    new Set(splits[name].rows.filter(({ answer }) => answer === "cat").map((row) => row.cluster));
  assertEquals(clusters("train").intersection(clusters("test")).size, 0);
  assert(clusters("test").has([...clusters("test")][0]!));
  assert([...clusters("test")].every((cluster) => /^cat\/[a-z -]+\/emojione(-v1)?$/.test(cluster)));
});

Deno.test("drawSplits() takes training pictures by seed and keeps the test the same", () => {
  const [a, b, more] = [{}, { seed: 1 }, { shots: 5 }]
    .map((change) => drawSplits(drawings, settings, { ...options, ...change }));
  assertEquals(a!.test, b!.test);
  assertEquals(a!.validation, b!.validation);
  assert(a!.train.images.some((value, i) => value !== b!.train.images[i]));
  assertEquals(more!.train.images.subarray(0, a!.train.images.length), a!.train.images);
  assertEquals(a!.train.rows, more!.train.rows.slice(0, 30));
});

Deno.test("drawSplits() takes a percentage of the hundred rows per class", () => {
  const { shots: _, ...rest } = options;
  assertEquals(drawSplits(drawings, settings, { ...rest, percentage: 4 }).train.rows.length, 40);
  const cases = [
    [{ shots: 2, percentage: 4 }, "shots (2) and percentage (4) exclude each other"],
    [{ percentage: 0.1 }, "0 per class of 100 are left, at least 1 is needed"],
  ] as const;
  for (const [change, cause] of cases) {
    assertThrows(
      () => drawSplits(drawings, settings, { ...rest, ...change }),
      DiagnosticError,
      `Cannot choose training rows: ${cause}`,
    );
  }
});

Deno.test("drawSplits() names the classes that the styles do not draw", () => {
  const some = drawings.filter((drawing) => drawing.class !== "deer" && drawing.class !== "frog");
  assertThrows(
    () => drawSplits(some, settings, options),
    DiagnosticError,
    "Cannot draw emoji10 in emojione, emojione-v1, openmoji, fxemoji: no drawing of deer, frog",
  );
});

Deno.test("drawSplits() stops when it is told to", () => {
  const signal = AbortSignal.abort(new DOMException("enough", "AbortError"));
  assertThrows(() => drawSplits(drawings, settings, { ...options, signal }), DOMException);
});

Deno.test("emoji10 rejects parameters that it does not have", async () => {
  await assertRejects(() => emoji10.load({ ...options, parameters: { scal: [1, 2] } }));
});
