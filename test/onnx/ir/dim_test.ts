import { assertEquals } from "@std/assert";
import {
  addDims,
  compareDims,
  divideDims,
  maxDims,
  minDims,
  multiplyDims,
  replaceSymbols,
  substituteDim,
  subtractDims,
} from "../../../lib/onnx/ir/dim.ts";

Deno.test("addDims() and its kin write sums of products in one form", () => {
  const cases = [
    [addDims("b", "a"), "a + b"],
    [addDims("a", "a"), "2*a"],
    [subtractDims(addDims("a", 3), "a"), 3],
    [multiplyDims("b", "a"), "a*b"],
    [multiplyDims(addDims("past", "seq"), "b"), "b*past + b*seq"],
    [divideDims(multiplyDims(12, "b"), 4), "3*b"],
    [divideDims("b*past + b*seq", "past + seq"), "b"],
    [divideDims("a*b*c", "c*a"), "b"],
    [divideDims("h", 2), "floor(h/2)"],
    [multiplyDims(divideDims(addDims("h", -1), 2), 2), "2*floor((h - 1)/2)"],
    [subtractDims(0, "a"), "-a"],
    [addDims("seq_len + 1", 1), "seq_len + 2"],
    [addDims("a-name, with (odd", 0), "a-name, with (odd"],
    [minDims("a", addDims("a", 1)), "a"],
    [maxDims("a", addDims("a", 1)), "a + 1"],
    [maxDims("b", "a"), "max(a, b)"],
  ];
  for (const [found, expected] of cases) assertEquals(found, expected);
});

Deno.test("compareDims() answers only where symbols do not matter", () => {
  const cases: [string | number, string | number, number | undefined][] = [
    [1, 2, -1],
    ["a", "a", 0],
    ["a", -1, 1],
    ["a", 0, undefined],
    ["a + 1", "a", 1],
    ["a", "b", undefined],
  ];
  for (const [a, b, expected] of cases) assertEquals(compareDims(a, b), expected, `${a} and ${b}`);
});

Deno.test("replaceSymbols() renames symbols, also inside of functions, and orders anew", () => {
  const rename = (symbol: string) => symbol === "seq" ? "z" : `p.${symbol}`;
  assertEquals(replaceSymbols("2*past + seq - 1", rename), "2*p.past + z - 1");
  assertEquals(replaceSymbols("floor((h - 1)/2)*seq", rename), "floor((p.h - 1)/2)*z");
  assertEquals(replaceSymbols("batch size", rename), "p.batch size");
  assertEquals(replaceSymbols("seq", () => undefined), "seq");
});

Deno.test("substituteDim() puts sizes in place of symbols", () => {
  assertEquals(substituteDim("2*a*b + c - 1", { a: 3, b: 2, c: 5 }), 16);
  assertEquals(substituteDim("a + b", { b: 2 }), "a + 2");
  assertEquals(substituteDim("2*floor((h - 1)/2) + min(a, b)", { h: 8, a: 3, b: 5 }), 9);
  // Towards zero, as Div rounds numbers.
  assertEquals(substituteDim("floor((h - 5)/2)", { h: 2 }), divideDims(-3, 2));
  assertEquals(divideDims(-3, 2), -1);
});
