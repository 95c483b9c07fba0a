import { assertEquals, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { specialTokenTexts } from "../../lib/models/special_token_texts.ts";
import { specialIds } from "../../lib/models/special_tokens.ts";
import { openTokenizer } from "../../lib/models/tokenize.ts";
import { textDirectory, tokenizerConfig, withTextFiles } from "./text_rig.ts";

type Json = Readonly<Record<string, unknown>>;

interface EndCase {
  readonly name: string;
  readonly generation?: Json;
  readonly config?: Json;
  readonly afterAnswer?: string;
  readonly ends: readonly number[];
  readonly end: number;
}

const cases: readonly EndCase[] = [
  { name: "a number", generation: { eos_token_id: 4 }, ends: [4], end: 2 },
  { name: "a list", generation: { eos_token_id: [4, 2, 3] }, ends: [4, 2, 3], end: 2 },
  {
    name: "generation_config.json before config.json",
    generation: { eos_token_id: 4 },
    config: { eos_token_id: [2, 3], text_config: { eos_token_id: 3 } },
    ends: [4],
    end: 2,
  },
  {
    name: "config.json before its text_config",
    generation: { eos_token_id: null },
    config: { eos_token_id: [3, 4], text_config: { eos_token_id: 2 } },
    ends: [3, 4],
    end: 2,
  },
  {
    name: "text_config",
    config: { eos_token_id: -1, text_config: { eos_token_id: [3] } },
    ends: [3],
    end: 2,
  },
  { name: "llm_config", config: { llm_config: { eos_token_id: 4 } }, ends: [4], end: 2 },
  {
    name: "language_config",
    config: { language_config: { eos_token_id: [4] } },
    ends: [4],
    end: 2,
  },
  { name: "the tokenizer's, where no file has one", ends: [2], end: 2 },
  {
    name: "the end of a turn for what is learnt",
    generation: { eos_token_id: [2, 4] },
    afterAnswer: "\n<|end|>\n</s>",
    ends: [2, 4],
    end: 4,
  },
  {
    name: "no end of a turn",
    generation: { eos_token_id: 4 },
    afterAnswer: " ",
    ends: [4],
    end: 2,
  },
];
for (const { name, generation = {}, config = {}, afterAnswer, ends, end } of cases) {
  Deno.test(`specialIds() ends an answer: ${name}`, () =>
    withTextFiles({}, async (folder) => {
      const directory = textDirectory(folder, { config, generation });
      const ids = specialIds(directory, await openTokenizer(folder), afterAnswer);
      assertEquals([...ids.endTokens], ends);
      assertEquals(ids.endToken, end);
    }));
}

Deno.test("specialIds() refuses a model whose answers never end", () =>
  withTextFiles({ "tokenizer_config.json": {} }, async (folder) => {
    const tokenizer = await openTokenizer(folder);
    assertThrows(
      () => specialIds(textDirectory(folder), tokenizer),
      DiagnosticError,
      'Cannot end an answer of model "zoo/x": neither generation_config.json nor config.json has eos_token_id, and tokenizer_config.json no eos_token',
    );
  }));

Deno.test("specialIds() fills with pad_token_id, the tokenizer's pad_token, or the end", () =>
  withTextFiles({}, async (folder) => {
    const tokenizer = await openTokenizer(folder);
    const padOf = (generation: Json, more: Json = {}) => {
      const padded = { ...tokenizer, config: { ...tokenizerConfig, ...more } };
      return specialIds(textDirectory(folder, { generation }), padded).padToken;
    };
    assertEquals(padOf({ pad_token_id: 3 }), 3);
    assertEquals(padOf({ pad_token_id: -1 }, { pad_token: { content: "<unk>" } }), 0);
    assertEquals(padOf({}), 2);
  }));

const starts: readonly [string, Json, Json, number][] = [
  ["decoder_start_token_id", { decoder_start_token_id: 3 }, { bos_token_id: 1 }, 3],
  ["bos_token_id, of any file", { pad_token_id: 0 }, { text_config: { bos_token_id: 1 } }, 1],
  ["what fills up", { pad_token_id: 0 }, {}, 0],
];
for (const [name, generation, config, start] of starts) {
  Deno.test(`specialIds() starts an answer with ${name}`, () =>
    withTextFiles({}, async (folder) => {
      const directory = textDirectory(folder, { config, generation });
      assertEquals(specialIds(directory, await openTokenizer(folder)).startToken, start);
    }));
}

Deno.test("specialTokenTexts() knows tokens as texts and as objects", () => {
  const config = {
    bos_token: { content: "<s>", lstrip: false },
    eos_token: "</s>",
    pad_token: null,
    add_bos_token: true,
    extra_special_tokens: { image_token: "<image>" },
    tokenizer_class: "LlamaTokenizer",
  };
  const texts = { image_token: "<image>", bos_token: "<s>", eos_token: "</s>" };
  assertEquals(specialTokenTexts(config), texts);
});
