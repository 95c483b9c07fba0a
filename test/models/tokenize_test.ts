import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { openTokenizer } from "../../lib/models/tokenize.ts";
import { type TextFiles, tokenizerConfig, tokenizerFile, withTextFiles } from "./text_rig.ts";

const { "<unk>": _, ...known } = tokenizerFile.model.vocab as Readonly<Record<string, number>>;

Deno.test("openTokenizer() turns text into ids and back", () =>
  withTextFiles({}, async (folder) => {
    const tokenizer = await openTokenizer(folder);
    assertEquals(tokenizer.encode("<s> What is it ?"), [1, 6, 7, 8, 9]);
    assertEquals(tokenizer.decode([1, 6, 7]), "What is");
    assertEquals(tokenizer.decode([]), "");
    assertEquals(tokenizer.specialTokens.includes("<|end|>"), true);
  }));

const names: readonly [string, object, object, object][] = [
  ["wins over an old tokenizer_config.json", { eos_token: "</s>" }, { eos_token: "<|end|>" }, {
    eos_token: "<|end|>",
  }],
  ["may take a name away", { bos_token: "<s>" }, { bos_token: null }, { bos_token: null }],
  [
    "only adds to a newer one",
    { eos_token: "</s>", added_tokens_decoder: {} },
    { bos_token: "<s>", eos_token: "<|end|>" },
    { eos_token: "</s>", bos_token: "<s>", added_tokens_decoder: {} },
  ],
];
for (const [name, config, map, wanted] of names) {
  Deno.test(`openTokenizer() reads special_tokens_map.json, which ${name}`, () => {
    const files = { "tokenizer_config.json": config, "special_tokens_map.json": map };
    return withTextFiles(files, async (folder) => {
      assertEquals((await openTokenizer(folder)).config, wanted);
    });
  });
}

/** A tokenizer.json that knows no added tokens, or these. */
const bare = (...added: readonly object[]) => ({ ...tokenizerFile, added_tokens: added });
const image = { content: "<image>", normalized: false };
const declared: readonly [string, TextFiles, readonly number[], string][] = [
  ["of no file", {}, [0, 7], "<unk> is"],
  ["by name", { "tokenizer_config.json": { image_token: "<image>" } }, [5, 6, 7], "What is"],
  [
    "by name and as an object",
    { "tokenizer_config.json": { image_token: { content: "<image>" } } },
    [5, 6, 7],
    "What is",
  ],
  [
    "in additional_special_tokens",
    { "tokenizer_config.json": { additional_special_tokens: ["<image>"] } },
    [5, 6, 7],
    "What is",
  ],
  [
    "in a list of extra_special_tokens",
    { "tokenizer_config.json": { extra_special_tokens: [{ content: "<image>" }] } },
    [5, 6, 7],
    "What is",
  ],
  [
    "in a map of extra_special_tokens",
    { "tokenizer_config.json": { extra_special_tokens: { image_token: "<image>" } } },
    [5, 6, 7],
    "What is",
  ],
  [
    "in special_tokens_map.json",
    { "special_tokens_map.json": { image_token: "<image>" } },
    [5, 6, 7],
    "What is",
  ],
  [
    "in added_tokens_decoder, as no special one",
    { "tokenizer_config.json": { added_tokens_decoder: { 5: { ...image, special: false } } } },
    [5, 6, 7],
    "<image> What is",
  ],
  [
    "in added_tokens_decoder, and by name",
    {
      "tokenizer_config.json": {
        image_token: "<image>",
        added_tokens_decoder: { 5: { ...image, special: false } },
      },
    },
    [5, 6, 7],
    "What is",
  ],
  ["in added_tokens.json", { "added_tokens.json": { "<image>": 5 } }, [5, 6, 7], "<image> What is"],
  [
    "in tokenizer.json, and special by name",
    {
      "tokenizer.json": bare({ ...image, id: 5, special: false }),
      "tokenizer_config.json": { image_token: "<image>" },
    },
    [5, 6, 7],
    "What is",
  ],
];
for (const [place, files, ids, text] of declared) {
  Deno.test(`openTokenizer() finds a token that is declared ${place}`, () =>
    withTextFiles(
      { "tokenizer.json": bare(), "tokenizer_config.json": {}, ...files },
      async (folder) => {
        const tokenizer = await openTokenizer(folder);
        assertEquals(tokenizer.encode("<image>What is"), ids);
        assertEquals(tokenizer.decode(ids), text);
        assertEquals(tokenizer.specialTokens.includes("<image>"), text === "What is");
      },
    ));
}

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
    `its normalizer has the type "Rot13", known are NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, Replace, Nmt, ByteLevel, BertNormalizer, Precompiled, Sequence`,
  ],
  [
    "an expression that is none",
    { ...tokenizerFile, pre_tokenizer: { type: "Split", pattern: { Regex: "(" } } },
    `its expression "(" cannot be read: Unclosed group`,
  ],
  [
    "a list that is none",
    { ...tokenizerFile, normalizer: { type: "Sequence", normalizers: 5 } },
    "the field normalizers of its Sequence is 5, expected a list of objects",
  ],
  [
    "a flag that is none",
    { ...tokenizerFile, pre_tokenizer: { type: "ByteLevel", use_regex: "no" } },
    `the field use_regex of its ByteLevel is "no", expected true or false`,
  ],
  [
    "a behavior that is none",
    { ...tokenizerFile, pre_tokenizer: { type: "Punctuation", behavior: "Kept" } },
    `the behavior of its Punctuation is "Kept", expected one of Removed, Isolated, Contiguous, MergedWithPrevious, MergedWithNext`,
  ],
  [
    "a table that is cut off",
    { ...tokenizerFile, normalizer: { type: "Precompiled", precompiled_charsmap: "AAEAAA==" } },
    "the precompiled_charsmap of its normalizer is cut off",
  ],
  [
    "a template without numbers",
    {
      ...tokenizerFile,
      post_processor: {
        type: "TemplateProcessing",
        single: [{ SpecialToken: { id: "<s>" } }],
        special_tokens: {},
      },
    },
    `its TemplateProcessing has no numbers for "<s>"`,
  ],
  [
    "BPE without merges",
    { ...tokenizerFile, model: { type: "BPE", vocab: { a: 0 } } },
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
      model: { type: "WordLevel", vocab: known },
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

Deno.test("TextTokenizer.decode() cleans up English where the configuration asks for it, but not of BPE", async () => {
  const said = async (model: unknown, config: unknown) => {
    const files = {
      "tokenizer.json": { ...tokenizerFile, model },
      "tokenizer_config.json": config,
    };
    let text = "";
    await withTextFiles(files, async (folder) => {
      text = (await openTokenizer(folder)).decode([7, 9]);
    });
    return text;
  };
  const words = tokenizerFile.model;
  const pairs = { ...words, type: "BPE", merges: [] };
  assertEquals(await said(words, {}), "is ?");
  assertEquals(await said(words, { clean_up_tokenization_spaces: true }), "is?");
  assertEquals(await said(pairs, { clean_up_tokenization_spaces: true }), "is ?");
});
