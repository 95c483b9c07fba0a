import { assertEquals } from "@std/assert";
import { Tokenizer } from "@huggingface/tokenizers";
import { type TokenizerStyle, trainTokenizer } from "../../lib/zoo/byte_pair_tokenizer.ts";

const corpus = ["a photo of a bird", "a red bird", "this is a photo of a truck", "what kind?"];
const special = ["<unk>", "<pad>", "<s>", "</s>", "<image>"];
const names = { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>", pad_token: "<pad>" };

function open(style: TokenizerStyle, merges = 40): Tokenizer {
  const file = trainTokenizer({ style, corpus, merges, special, bos: "<s>" });
  return new Tokenizer(JSON.parse(JSON.stringify(file)), names);
}

const styles: readonly TokenizerStyle[] = ["byte-level", "metaspace"];

Deno.test("trainTokenizer() gives files that the Hugging Face tokenizer reads, and that cover every text", () => {
  for (const style of styles) {
    const tokenizer = open(style);
    for (const text of ["a photo of a bird", "zürich 7!", "日本"]) {
      const { ids } = tokenizer.encode(text, { add_special_tokens: false });
      const back = tokenizer.decode(ids, { skip_special_tokens: true });
      assertEquals(back.trim(), text, `${style}: ${text}`);
      assertEquals(ids.includes(0), false, `${style}: ${text} has an unknown token`);
    }
  }
});

Deno.test("trainTokenizer() merges common words to one token, whatever their case", () => {
  for (const style of styles) {
    const tokenizer = open(style);
    const tokens = tokenizer.encode("Bird photo", { add_special_tokens: false }).tokens;
    assertEquals(tokens.length, 2, `${style}: ${tokens}`);
  }
});

Deno.test("trainTokenizer() puts special tokens first and the start symbol before a text", () => {
  for (const style of styles) {
    const { ids, tokens } = open(style).encode("<image> bird");
    assertEquals(ids.slice(0, 2), [2, 4], style);
    assertEquals(tokens.slice(0, 2), ["<s>", "<image>"], style);
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
