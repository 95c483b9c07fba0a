import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { fillBatch, fillRows, images } from "../../lib/evaluation/batch_fill.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

/** Images of one pixel: their only value is their number. */
const numbered = (...numbers: number[]) =>
  tensor("float32", [numbers.length, 1, 1, 1], Float32Array.from(numbers));

Deno.test("fillRows() repeats the first row behind the others", () => {
  assertEquals(fillRows(["a", "b"], 4), ["a", "b", "a", "a"]);
  assertEquals(fillRows(["a", "b"], 2), ["a", "b"]);
});

Deno.test("fillRows() refuses no rows, and more than a batch", () => {
  for (const rows of [[], ["a", "b", "c"]]) {
    assertThrows(
      () => fillRows(rows, 2),
      RangeError,
      `Cannot run ${rows.length} rows: a batch has 1 to 2`,
    );
  }
});

Deno.test("fillBatch() repeats the first image, and leaves a full batch as it is", () => {
  const filled = fillBatch(numbered(7, 8), 4);
  assertEquals([filled.dims, [...filled.data]], [[4, 1, 1, 1], [7, 8, 7, 7]]);
  const full = numbered(1, 2);
  assertStrictEquals(fillBatch(full, 2), full);
});

Deno.test("images() takes a part of a batch without a copy", () => {
  const batch = numbered(1, 2, 3);
  const part = images(batch, 1, 3);
  assertEquals([part.dims, [...part.data]], [[2, 1, 1, 1], [2, 3]]);
  assertStrictEquals(part.data.buffer, batch.data.buffer);
  assertStrictEquals(images(batch, 0, 3), batch);
});
