import { assert, assertEquals } from "@std/assert";
import { formatKeys, parseDataSpec } from "../../lib/data/data_spec.ts";

const settings = [
  ...["set", "name", "images", "columns", "classes", "instruction", "caption", "kind", "split"],
  ...["fit", "side", "decoded", "mirror", "broken", "licence"],
];

const values = [
  ...[0, -1, 7.5, 1e9, "", "zzz", true, null, [], [0], {}],
  ...[{ image: 4 }, { train: 0, validation: {}, test: [] }, { train: 0.5, seed: -1 }],
];

/** Words of the library that checks, which users should not see. */
const foreign = /invalid|expected|received|too (?:small|big)|[<>]=/i;

for (const key of [...formatKeys, ...settings]) {
  Deno.test(`parseDataSpec() says in plain words what ${key} must be`, () => {
    const files = formatKeys.some((format) => format === key) ? {} : { folder: "x" };
    const texts = values.map((value) => parseDataSpec({ ...files, [key]: value }))
      .filter((result) => typeof result === "string");
    assert(texts.length > 0);
    assertEquals(texts.filter((text) => foreign.test(text)), []);
  });
}

for (
  const [key, value, text] of [
    ["decoded", 4, "decoded must be a whole number from 8 to 1024"],
    ["side", 7.5, "side must be a whole number from 8 to 4096"],
    ["side", 30000, "side must be a whole number from 8 to 4096"],
    ["mirror", "no", "mirror must be true or false"],
    ["broken", "keep", "broken must be refuse or skip"],
    ["split", { train: {} }, "split.train must be a share above 0, or the name of a split"],
    ["classes", [], "classes must be a list of at least one text"],
  ] as const
) {
  Deno.test(`parseDataSpec() says: ${text}`, () => {
    assertEquals(parseDataSpec({ folder: "x", [key]: value }), text);
  });
}
