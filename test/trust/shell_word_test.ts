import { assertEquals } from "@std/assert";
import { shellWord } from "../../lib/trust/shell_word.ts";

const words: readonly [string, string][] = [
  ["mine.yaml", "mine.yaml"],
  ["a/b-c_1.yaml", "a/b-c_1.yaml"],
  ["Mein Ordner ñ 日本/first.yaml", "'Mein Ordner ñ 日本/first.yaml'"],
  ["it's", "'it'\\''s'"],
  ["vars.seeds=[0]", "'vars.seeds=[0]'"],
  ["", "''"],
];

Deno.test("shellWord() quotes what a shell would change", () => {
  for (const [word, expected] of words) assertEquals(shellWord(word), expected);
});
