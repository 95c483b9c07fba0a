import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { fileNames } from "../../lib/workspace/file_names.ts";

const CASES: readonly (readonly [what: string, labels: string[], names: string[]])[] = [
  ["plain ones stay", ["loss=tvp,seed=0", "lr=0.1", "zoo b"], [
    "loss=tvp,seed=0",
    "lr=0.1",
    "zoo b",
  ]],
  ["separators", ["m=a-b", "m=a/b", "m=a\\b"], [
    "m=a-b",
    "m=a-b~ea96261ef85a",
    "m=a-b~294c1dd85444",
  ]],
  ["capitals", ["vp", "VP"], ["vp", "VP~ae9492660c99"]],
  ["accents", ["\u00e9", "e\u0301"], ["\u00e9", "e\u0301~bf12767b0f2a"]],
  ["parents", ["..", ".", ""], ["--~5ec1f7e700f3", "-~cdb4ee2aea69", "~e3b0c44298fc"]],
  ["extensions", ["r.html", "R.html"], ["r.html", "R~c9e857e40a2b.html"]],
];

for (const [what, labels, names] of CASES) {
  Deno.test(`fileNames() of ${what}`, () => assertEquals(fileNames(labels), names));
}

const label = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: fc.constantFrom(..."aA/\\. \u00e9\u0301\0-~"), maxLength: 4 }),
  fc.constantFrom("m=a/b", "m=a-b~ea96261ef85a", "x".repeat(300), "X".repeat(300), "\ud800"),
);

Deno.test("fileNames() gives different names to different labels, on any file system", () =>
  fc.assert(
    fc.property(fc.uniqueArray(label, { maxLength: 12 }), (labels) => {
      const names = fileNames(labels);
      const folded = names.map((name) => name.normalize("NFKC").toLowerCase());
      assertEquals(new Set(folded).size, labels.length);
      for (const name of names) {
        assertEquals(/[/\\\p{C}]|^\.{0,2}$/u.test(name), false, name);
        assertEquals(new TextEncoder().encode(name).length <= 255, true, name);
      }
    }),
    { seed: 7, numRuns: 500 },
  ));
