import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { openTokenizer } from "../../lib/models/tokenize.ts";
import { tokenizerConfig, tokenizerFile, withTextFiles } from "./text_rig.ts";

const { unk_token: _, ...known } = tokenizerFile.model;

Deno.test("openTokenizer() turns text into ids and back", () =>
  withTextFiles({}, async (folder) => {
    const tokenizer = await openTokenizer(folder);
    assertEquals(tokenizer.encode("<s> What is it ?"), [1, 6, 7, 8, 9]);
    assertEquals(tokenizer.decode([1, 6, 7]), "What is");
    assertEquals(tokenizer.decode([]), "");
    assertEquals(tokenizer.specialTokens.includes("<|end|>"), true);
  }));

Deno.test("openTokenizer() takes names of tokens from special_tokens_map.json as well", () => {
  const files = {
    "tokenizer_config.json": { eos_token: "</s>" },
    "special_tokens_map.json": { bos_token: "<s>", eos_token: "<|end|>" },
  };
  return withTextFiles(files, async (folder) => {
    const { config } = await openTokenizer(folder);
    assertEquals(config, { bos_token: "<s>", eos_token: "</s>" });
  });
});

Deno.test("openTokenizer() reads files with a byte order mark and Python's numbers", () => {
  const files = {
    "tokenizer.json": `\ufeff${JSON.stringify(tokenizerFile)}`,
    "tokenizer_config.json": `{ "model_max_length": Infinity, "eos_token": "</s>" }`,
  };
  return withTextFiles(files, async (folder) => {
    const { config } = await openTokenizer(folder);
    assertEquals(config, { model_max_length: Infinity, eos_token: "</s>" });
  });
});

const broken: readonly [string, unknown, string][] = [
  ["null", null, "its content is null, expected an object, as in { }"],
  ["no model", {}, "model is absent, expected an object, as in { }"],
  [
    "a token that is not text",
    { ...tokenizerFile, added_tokens: [{ id: 0, content: 7 }] },
    "added_tokens[0].content is 7, expected a text",
  ],
  [
    "a token with a number below 0",
    { ...tokenizerFile, added_tokens: [{ id: -1, content: "x" }] },
    "added_tokens[0].id is -1, expected a whole number from 0 to 2147483647",
  ],
  [
    "an unknown step",
    { ...tokenizerFile, normalizer: { type: "Rot13" } },
    "Unknown Normalizer type: Rot13",
  ],
  [
    "an expression that is none",
    { ...tokenizerFile, pre_tokenizer: { type: "Split", pattern: { Regex: "(" } } },
    "Invalid regular expression: /(/gu: Unterminated group",
  ],
  [
    "a list that is none",
    { ...tokenizerFile, normalizer: { type: "Sequence", normalizers: 5 } },
    "its definition does not have the form that the tokenizers library writes",
  ],
];
for (const [name, definition, cause] of broken) {
  Deno.test(`openTokenizer() refuses ${name}`, () =>
    withTextFiles({ "tokenizer.json": definition }, async (folder) => {
      const { message } = await assertRejects(() => openTokenizer(folder), DiagnosticError);
      const path = `"${folder}/tokenizer.json"`;
      assertEquals(message.replace("tokenizer ", ""), `Cannot read ${path}: ${cause}`);
    }));
}

Deno.test("TextTokenizer.encode() refuses text without a token, and expressions that do not end", () => {
  const pattern = { Regex: "(a+)+$" };
  const files = {
    "tokenizer.json": {
      ...tokenizerFile,
      model: known,
      pre_tokenizer: { type: "Split", pattern, behavior: "Isolated", invert: false },
    },
    "tokenizer_config.json": { ...tokenizerConfig, unk_token: null },
  };
  return withTextFiles(files, async (folder) => {
    const { encode } = await openTokenizer(folder);
    const path = `Cannot read tokenizer "${folder}/tokenizer.json":`;
    assertThrows(
      () => encode("dog"),
      DiagnosticError,
      `${path} it has no number for "dog" and it has no token for unknown text`,
    );
    assertThrows(
      () => encode(`${"a".repeat(40)}b`),
      DiagnosticError,
      `${path} its steps take more than 2 s for one text`,
    );
  });
});
