import { assert, assertEquals, assertThrows } from "@std/assert";
import { chooseSplits } from "../../lib/data/choose_splits.ts";
import type { DataSpec } from "../../lib/data/data_spec.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";

/** A row for each name of a split, six times; "" is a row without one. */
const rowsOf = (names: readonly string[]) =>
  Array.from({ length: 6 * names.length }, (_, place) => {
    const split = names[place % names.length]!;
    return {
      ...{ id: `${place}`, instruction: "what?", answer: "cat", place, where: `row ${place + 1}` },
      ...(split === "" ? {} : { split }),
    };
  });

const chosen: readonly (readonly [
  names: readonly string[],
  spec: DataSpec["split"],
  rows: readonly number[],
  leftOut: readonly string[],
])[] = [
  [["train", "val", "test"], undefined, [6, 6, 6], []],
  [["TRAIN", "dev", "Testing"], undefined, [6, 6, 6], []],
  [["train", "val", "test", "foo"], undefined, [6, 6, 6], [
    'rows of split "foo", left out: 6 (row 4, row 8, row 12 and 3 more)',
  ]],
  [["train", "", "val", "test"], undefined, [6, 6, 6], [
    "rows without a split, left out: 6 (row 2, row 6, row 10 and 3 more)",
  ]],
  [["a", "b", "c", "d"], { train: "a", validation: "b", test: "c" }, [6, 6, 6], [
    'rows of split "d", left out: 6 (row 4, row 8, row 12 and 3 more)',
  ]],
  [["train", "foo"], undefined, [4, 1, 1], [
    'rows of split "foo", left out: 6 (row 2, row 4, row 6 and 3 more)',
  ]],
  [["", "foo"], { train: 2, validation: 1, test: 1 }, [6, 3, 3], []],
];

for (const [names, split, counts, leftOut] of chosen) {
  Deno.test(`chooseSplits() of ${names.map((name) => name || "nothing")} by ${JSON.stringify(split)}`, () => {
    const spec = { csv: "a.csv", ...(split === undefined ? {} : { split }) };
    const found = chooseSplits(rowsOf(names), spec, "a.csv");
    assertEquals(Object.values(found.rows).map(({ length }) => length), counts);
    assertEquals(found.leftOut, leftOut);
  });
}

const refused: readonly (readonly [names: readonly string[], message: string, note: string])[] = [
  [["train", "val", "test", "tset"], 'row 4: its split "tset" is not known', 'mean "test"?'],
  [["train", "eval", "test"], 'row 2: its split "eval" is not known', 'mean "val"?'],
  [["foo", "bar"], "no rows are left for train", 'rows of split "foo", left out: 6 (row 1,'],
];

for (const [names, message, note] of refused) {
  Deno.test(`chooseSplits() says of ${names}: ${message}`, () => {
    const error = assertThrows(
      () => chooseSplits(rowsOf(names), { csv: "a.csv" }, "a.csv"),
      DiagnosticError,
    );
    const { message: told, notes = [] } = error.diagnostics[0]!;
    assert(told.includes(message), told);
    assert(notes.join("\n").includes(note), notes.join("\n"));
  });
}
