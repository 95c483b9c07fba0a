import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { contentDigests } from "../../lib/cache/digest/content_digests.ts";
import { dataMistake, type DataPlaces, openData } from "../../lib/workspace/data_sources.ts";
import { inFolder } from "../data/images_in.ts";

const row = (label: string) => JSON.stringify({ image: "a.png", label });

Deno.test("dataMistake() says what is wrong with a map in quotes", () => {
  const places = { base: "/", module: () => undefined, sets: [] } as unknown as DataPlaces;
  const cause =
    "it is a text that begins like a map; write the map without quotes: { folder: ./images }";
  assertEquals(dataMistake("{ folder: ./x }", places)?.cause, cause);
});

/** Names of two files with the same two contents, and whether the key is that of the first pair. */
const pairs: readonly (readonly [first: string, second: string, isSame: boolean])[] = [
  ["test.jsonl", "train.jsonl", true],
  ["in/test.jsonl", "in/train.jsonl", true],
  ["test-0.jsonl", "train-0.jsonl", true],
  ["train.jsonl", "test.jsonl", false],
  ["a.jsonl", "b.jsonl", false],
  ["test-0.jsonl", "val-0.jsonl", false],
  ["label=x/test.jsonl", "label=y/train.jsonl", false],
  ["label=x/test.jsonl", "label=x/train.jsonl", true],
];

for (const [first, second, isSame] of pairs) {
  Deno.test(`openData() gives ${first} and ${second} ${isSame ? "the" : "another"} key`, () =>
    inFolder({
      ...{ "0/test.jsonl": row("cat"), "0/train.jsonl": row("dog"), "0/a.png": "x" },
      ...{
        [`1/${first}`]: row("cat"),
        [`1/${second}`]: row("dog"),
        "1/a.png": "x",
        "1/in/a.png": "x",
        "1/label=x/a.png": "x",
        "1/label=y/a.png": "x",
      },
    }, async (folder) => {
      const places = { base: folder, module: () => undefined, sets: [] } as unknown as DataPlaces;
      await using digests = contentDigests();
      const digestOf = async (...names: string[]) => {
        const jsonl = names.map((name) => join(folder, name));
        return (await openData(JSON.stringify({ jsonl }), places, digests)).digest;
      };
      const known = await digestOf("0/test.jsonl", "0/train.jsonl");
      assertEquals(await digestOf(`1/${first}`, `1/${second}`) === known, isSame);
    }));
}
