import { assertEquals } from "@std/assert";
import { withPlainSplits } from "../../lib/models/split_steps.ts";

/** The pieces that an inverted step keeps. */
function piecesOf(step: object, text: string): string[] {
  const { pattern, invert } = withPlainSplits(step) as {
    pattern: { Regex: string };
    invert: boolean;
  };
  assertEquals(invert, true);
  return text.match(new RegExp(pattern.Regex, "gu")) ?? [];
}

Deno.test("withPlainSplits() splits as the steps of the Python library do", () => {
  const text = "the-final--countdown";
  const table = [
    ["Removed", ["the", "final", "countdown"]],
    ["MergedWithPrevious", ["the-", "final-", "-", "countdown"]],
    ["MergedWithNext", ["the", "-final", "-", "-countdown"]],
    ["Contiguous", ["the", "-", "final", "--", "countdown"]],
  ] as const;
  for (const [behavior, pieces] of table) {
    for (const pattern of [{ String: "-" }, { Regex: "[-+]" }]) {
      assertEquals(piecesOf({ type: "Split", pattern, behavior }, text), [...pieces]);
    }
  }
  assertEquals(piecesOf({ type: "CharDelimiterSplit", delimiter: "." }, "a.b..c"), ["a", "b", "c"]);
  assertEquals(piecesOf({ type: "Punctuation", behavior: "Contiguous" }, "a…?b"), ["a", "…?", "b"]);
  assertEquals(piecesOf({ type: "Whitespace" }, "it's  so"), ["it", "'", "s", "so"]);
});

Deno.test("withPlainSplits() leaves other steps as they are", () => {
  const others = [
    null,
    { type: "WhitespaceSplit" },
    { type: "ByteLevel", add_prefix_space: false },
    { type: "Split", pattern: { Regex: "a" }, behavior: "Isolated" },
    { type: "Split", pattern: { Regex: "a" }, behavior: "Removed", invert: true },
    { type: "Sequence", pretokenizers: [{ type: "Digits" }] },
  ];
  for (const step of others) assertEquals(withPlainSplits(step), step);
});
