import { assert, assertEquals } from "@std/assert";
import { captionForms, captionTexts, worldWords } from "../../lib/drawing/captions.ts";
import { makeZooWorld } from "../../lib/drawing/zoo_world.ts";
import { bars, concepts, patches } from "../datasets/synthetic_art.ts";

const artworks = [patches("noto", concepts.length)];
const world = makeZooWorld({ concepts, artworks, typeset: bars(3) });

Deno.test("captionTexts() covers the captions of every word", () => {
  const vocabulary = new Set(captionTexts(world).flatMap((text) => text.split(/\s+/)));
  for (const word of world.words.flat()) {
    for (const form of captionForms) {
      for (const part of form.replace("{}", word).split(" ")) assert(vocabulary.has(part), part);
    }
  }
});

Deno.test("worldWords() has each word once", () => {
  const words = worldWords(world);
  assertEquals(words.length, new Set(words).size);
});
