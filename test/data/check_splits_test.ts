import { assertRejects } from "@std/assert";
import { assertSplitsApart } from "../../lib/data/check_splits.ts";
import type { Split } from "../../lib/data/dataset.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";

/** Rows of one-pixel images: cluster and grey value of each. */
function split(name: string, rows: readonly (readonly [string, number])[]): Split {
  return {
    rows: rows.map(([cluster], index) => ({
      id: `${name}/${index}`,
      cluster,
      instruction: "What is it?",
      answer: "a thing",
    })),
    images: Uint8Array.from(rows.flatMap(([, grey]) => [grey, grey, grey])),
    height: 1,
    width: 1,
  };
}

const train = split("train", [["cat", 1], ["dog", 2], ["cow", 3], ["pig", 4], ["hen", 5]]);
const validation = split("validation", [["ox", 6]]);
const test = split("test", [["bee", 7]]);

Deno.test("assertSplitsApart() lets splits through that share nothing", async () => {
  await assertSplitsApart("pets", { train, validation, test });
});

Deno.test("assertSplitsApart() names what two splits share", async () => {
  const cases = [
    [
      { test: split("test", [["bee", 7], ["dog", 8]]) },
      'Cannot use data set "pets": train and test share a source: train/1 and test/1',
    ],
    [
      { validation: split("validation", [["ox", 3]]) },
      'Cannot use data set "pets": train and validation share an image: train/2 and validation/0',
    ],
    [
      { test: split("test", train.rows.map(({ cluster }, index) => [cluster, 10 + index])) },
      'Cannot use data set "pets": train and test share a source: ' +
      "train/0 and test/0; train/1 and test/1; train/2 and test/2 and 2 more",
    ],
  ] as const;
  for (const [change, message] of cases) {
    await assertRejects(
      () => assertSplitsApart("pets", { train, validation, test, ...change }),
      DiagnosticError,
      message,
    );
  }
});
