import { assertEquals } from "@std/assert";
import {
  laterPositions,
  positionOffsets,
  type PositionRules,
  textPositions,
} from "../../lib/models/positions.ts";
import { toNumbers } from "../../lib/tensor/convert.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

const int64 = (rows: readonly (readonly number[])[]) =>
  tensor("int64", [rows.length, rows[0]!.length], BigInt64Array.from(rows.flat(), BigInt));

/** A text with an image of 2 rows of 3 tokens (9) behind one token, and a shorter one without. */
const texts = {
  ids: int64([[5, 9, 9, 9, 9, 9, 9, 5], [5, 5, 0, 0, 0, 0, 0, 0]]),
  mask: int64([[1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0, 0, 0]]),
};
const plain: PositionRules = { imageToken: 9 };
const grid: PositionRules = { imageToken: 9, grid: { rows: 2, columns: 3 } };

function rowsOf(positions: Tensor): readonly (readonly number[])[] {
  const width = positions.dims.at(-1)!;
  const values = [...toNumbers(positions)];
  return Array.from(
    { length: values.length / width },
    (_, row) => values.slice(row * width, (row + 1) * width),
  );
}

Deno.test("textPositions() counts real tokens, from the first position on", () => {
  const counted = rowsOf(textPositions(["b", "s"], texts, plain));
  assertEquals(counted, [[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 0, 0, 0, 0, 0, 0]]);
  const fromOne = rowsOf(textPositions(["b", "s"], texts, { ...plain, firstPosition: 1 }));
  assertEquals(fromOne, [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 0, 0, 0, 0, 0, 0]]);
  assertEquals(rowsOf(textPositions([1, "s"], texts, plain)), [[0, 1, 2, 3, 4, 5, 6, 7]]);
});

Deno.test("textPositions() gives an image's tokens their row and column where there are rows for them", () => {
  const [time, , row, , column] = rowsOf(textPositions([3, "b", "s"], texts, grid));
  assertEquals([time, row, column], [
    [0, 1, 1, 1, 1, 1, 1, 4],
    [0, 1, 1, 1, 2, 2, 2, 4],
    [0, 1, 2, 3, 1, 2, 3, 4],
  ]);
  // With four rows the count along the text stands before them.
  assertEquals(rowsOf(textPositions([4, "b", "s"], texts, grid))[0], [0, 1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("laterPositions() goes on behind the largest position of each text", () => {
  const offsets = positionOffsets(texts, grid);
  assertEquals(offsets, [-3, 0]);
  const mask = int64([[1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0, 0, 0, 1, 1]]);
  const later = rowsOf(laterPositions([3, "b", "s"], mask, 2, offsets));
  assertEquals(later.slice(0, 2), [[5, 6], [2, 3]]);
});
