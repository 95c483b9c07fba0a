import { assertEquals, assertThrows } from "@std/assert";
import { layoutOf } from "../../lib/evaluation/layout.ts";

/** Each letter is a row of that cluster in the stratum before it. */
const layout = (...strata: readonly string[]) =>
  layoutOf(
    strata.flatMap((text, stratum) => [...text].map((cluster) => ({ cluster, stratum }))),
  );

const cases: [string, readonly string[], number[], number][] = [
  ["classes as strata", ["aab", "cdd"], [0, 0, 1, 1], 0],
  ["one stratum where a cluster is in two classes", ["ab", "bc"], [0, 0, 0], 0],
  ["several classes of one cluster as one stratum", ["ab", "c", "d"], [0, 0, 1, 1], 2],
  [
    "the only class of one cluster in the smallest other",
    ["abc", "de", "f"],
    [0, 0, 0, 1, 1, 1],
    1,
  ],
  ["classes of one cluster each as one stratum", ["aa", "b", "c"], [0, 0, 0], 3],
  ["one cluster", ["aaa"], [0], 0],
];
for (const [name, strata, expected, joined] of cases) {
  Deno.test(`layoutOf() takes ${name}`, () => {
    const found = layout(...strata);
    assertEquals([...found.stratumOf], expected);
    assertEquals(found.joined, joined);
  });
}

Deno.test("layoutOf() takes styles as random if every row has one and there are three", () => {
  const styled = (styles: readonly (string | undefined)[]) =>
    layoutOf(styles.map((style, i) => ({ cluster: `${i}`, ...(style ? { style } : {}) }))).styles;
  assertEquals([...styled(["x", "y", "x", "z"])!.sizes], [2, 1, 1]);
  assertEquals(styled(["x", "y"]), undefined);
  assertEquals(styled(["x", "y", "z", undefined]), undefined);
});

Deno.test("layoutOf() rejects a split without rows", () => {
  assertThrows(() => layoutOf([]), RangeError, "without rows");
});
