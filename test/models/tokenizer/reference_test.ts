import { assertEquals } from "@std/assert";
import { makeDecoder } from "../../../lib/models/tokenizer/decoders.ts";
import type { Json } from "../../../lib/models/tokenizer/definition.ts";
import { makeNormalizer } from "../../../lib/models/tokenizer/normalizers.ts";
import { makePreTokenizer } from "../../../lib/models/tokenizer/pre_tokenizers.ts";
import { makeModel } from "../../../lib/models/tokenizer/token_model.ts";
import { makeTokenizer } from "../../../lib/models/tokenizer/tokenizer.ts";
import file from "./reference.json" with { type: "json" };

/** What the tokenizers library gave, see make_reference.py. */
interface Reference {
  readonly part: keyof typeof given;
  readonly step: Json;
  readonly want: readonly unknown[];
  /** Of tokenizers: the texts of the ids without added special tokens. */
  readonly decoded?: readonly string[];
}

const { texts, tokens, pieces, added } = file;

/** What this project gives for the same. */
const given = {
  normalizer: (step) => texts.map(makeNormalizer(step)),
  pre_tokenizer: (step) => {
    const split = makePreTokenizer(step);
    return texts.map((text) =>
      (text === "" ? [] : split({ text, first: true })).map((piece) => piece.text)
        .filter((piece) => piece !== "")
    );
  },
  decoder: (step) => tokens.map((list) => makeDecoder(step)(list).join("")),
  model: (step) => pieces.map(makeModel(step).ids),
  tokenizer: (step) =>
    added.map((text) => [false, true].map((adds) => makeTokenizer(step).encode(text, adds))),
} satisfies Readonly<Record<string, (step: Json) => unknown>>;

for (const { part, step, want, decoded } of file.rows as unknown as readonly Reference[]) {
  const name = JSON.stringify(part === "tokenizer" ? step.added_tokens : step).slice(0, 240);
  Deno.test(`the tokenizers library is met: ${part} ${name}`, () => {
    assertEquals(given[part](step), want);
    decoded?.forEach((text, i) => {
      const [ids] = want[i] as readonly (readonly number[])[];
      assertEquals(makeTokenizer(step).decode(ids!), text);
    });
  });
}
