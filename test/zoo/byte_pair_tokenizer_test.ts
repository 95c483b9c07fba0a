import { assertEquals } from "@std/assert";
import { makeTokenizer, type Tokenizer } from "../../lib/models/tokenizer/tokenizer.ts";
import { type TokenizerStyle, trainTokenizer } from "../../lib/zoo/byte_pair_tokenizer.ts";

const corpus = ["a photo of a bird", "a red bird", "this is a photo of a truck", "what kind?"];
const special = ["<unk>", "<pad>", "<s>", "</s>", "<image>"];

function open(style: TokenizerStyle, merges = 40): Tokenizer {
  const file = trainTokenizer({ style, corpus, merges, special, bos: "<s>" });
  return makeTokenizer(JSON.parse(JSON.stringify(file)));
}

const styles: readonly TokenizerStyle[] = ["byte-level", "metaspace"];

Deno.test("trainTokenizer() gives files that tokenizers read, and that cover every text", () => {
  for (const style of styles) {
    const tokenizer = open(style);
    for (const text of ["a photo of a bird", "zürich 7!", "日本"]) {
      const ids = tokenizer.encode(text, false);
      assertEquals(tokenizer.decode(ids).trim(), text, `${style}: ${text}`);
      assertEquals(ids.includes(0), false, `${style}: ${text} has an unknown token`);
    }
  }
});

Deno.test("trainTokenizer() merges common words to one token, whatever their case", () => {
  for (const style of styles) {
    assertEquals(open(style).encode("Bird photo", false).length, 2, style);
  }
});

Deno.test("trainTokenizer() puts special tokens first and the start symbol before a text", () => {
  for (const style of styles) {
    const { encode, tokenOf } = open(style);
    const ids = encode("<image> bird", true).slice(0, 2);
    assertEquals(ids, [2, 4], style);
    assertEquals(ids.map(tokenOf), ["<s>", "<image>"], style);
  }
});

Deno.test("trainTokenizer() learns the commonest pair first, of equals the first in order", () => {
  const file = trainTokenizer({
    style: "byte-level",
    corpus: ["ab cd ab"],
    merges: 3,
    special: [],
  });
  assertEquals(file.model.merges, [["a", "b"], ["Ġ", "ab"]]);
});

Deno.test("trainTokenizer() gives the same file for the same corpus", () => {
  const make = () =>
    JSON.stringify(trainTokenizer({ style: "metaspace", corpus, merges: 9, special }));
  assertEquals(make(), make());
});
