import { assertEquals, assertThrows } from "@std/assert";
import { boundedJson } from "../../lib/trust/bounded_json.ts";

const nested = (depth: number, inner = "") => "[".repeat(depth) + inner + "]".repeat(depth);

const taken: readonly string[] = [
  "1",
  nested(512),
  `[${Array(600).fill("[{}]").join()}]`,
  JSON.stringify("[".repeat(1000)),
  JSON.stringify({ 'a"[\\': '\\"[['.repeat(600), b: nested(600) }),
];

Deno.test("boundedJson() parses what is nested as files are, whatever their texts hold", () => {
  for (const text of taken) assertEquals(boundedJson(text), JSON.parse(text), text.slice(0, 20));
});

const refused: readonly [string, string][] = [
  [nested(513), "it is nested deeper than 512 levels"],
  ["[".repeat(1_000_000), "it is nested deeper than 512 levels"],
  [`{"a":${'{"a":'.repeat(600)}`, "it is nested deeper than 512 levels"],
  [`"${"[".repeat(600)}`, "Unterminated string"],
  ["", "Unexpected end"],
];

Deno.test("boundedJson() refuses what is nested too deeply, or no JSON", () => {
  for (const [text, message] of refused) {
    assertThrows(() => boundedJson(text), SyntaxError, message);
  }
});

Deno.test("boundedJson() hands values to a reviver", () => {
  assertEquals(boundedJson("[1]", (_, value) => value === 1 ? 2 : value), [2]);
});
