import { assert, assertEquals } from "@std/assert";
import { drawTask } from "../../lib/drawing/balanced_task.ts";
import digits10, {
  type Digits10Parameters,
  digitsTask,
  handSize,
} from "../../datasets/digits10.ts";

const handwriting = Array.from(
  { length: 10 },
  (_, digit) =>
    Array.from({ length: 40 }, (_, hand) =>
      Uint8Array.from(
        { length: handSize ** 2 },
        (_, i) => i % handSize > 8 + digit && i % handSize < 12 + digit + hand % 4 ? 255 : 0,
      )),
);
const settings = digits10.parameters!.parse({}) as Digits10Parameters;

Deno.test("digitsTask() is balanced, and its splits share no handwriting", () => {
  const splits = drawTask(digitsTask(handwriting, settings), {
    seed: 0,
    downloads: "unused",
    shots: 20,
  });
  assertEquals(Object.values(splits).map(({ rows }) => rows.length), [200, 200, 1000]);
  const clusters = Object.values(splits)
    .map(({ rows }) => new Set(rows.map((row) => row.cluster)));
  assertEquals(clusters[0]!.intersection(clusters[1]!).size, 0);
  assertEquals(clusters[0]!.intersection(clusters[2]!).size, 0);
  assertEquals(clusters[1]!.intersection(clusters[2]!).size, 0);
  assertEquals(clusters[2]!.size, 120);
  const first = splits.train.images.subarray(0, 12288);
  assert(new Set(first).size > 20);
});
