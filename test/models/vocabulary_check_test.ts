import { assertEquals } from "@std/assert";
import { vocabularyMistake } from "../../lib/models/vocabulary_check.ts";

const pairs = { type: "BPE", vocab: { a: 0, b: 1, ab: 2, "##b": 3 } };
const pieces = { type: "Unigram", vocab: [["a", -1.5], ["b", -2]] };

Deno.test("vocabularyMistake() accepts vocabularies whose parts fit", () => {
  for (
    const definition of [
      { model: pairs },
      { model: { ...pairs, merges: ["a b", ["a", "b"]], unk_token: null } },
      { model: { ...pairs, merges: [["a", "##b"]], continuing_subword_prefix: "##" } },
      { model: { ...pairs, unk_token: "<unk>" }, added_tokens: [{ id: 4, content: "<unk>" }] },
      { model: { ...pairs, unk_token: "", merges: null } },
      { model: { ...pieces, unk_id: 1 } },
      { model: { ...pieces, unk_id: null } },
    ]
  ) {
    assertEquals(vocabularyMistake(definition), undefined);
  }
});

Deno.test("vocabularyMistake() says what does not fit", () => {
  const cases: readonly [object, string][] = [
    [{ vocab: 5 }, "model.vocab is 5, expected an object or a list"],
    [{}, "model.vocab is absent, expected an object or a list"],
    [{ vocab: { a: 0.5 } }, 'the number of token "a" is 0.5'],
    [{ vocab: { a: "1" } }, 'the number of token "a" is "1"'],
    [
      { ...pairs, unk_token: "<unk>" },
      'its token for unknown text, "<unk>", is not in its vocabulary',
    ],
    [
      { ...pairs, merges: ["b a"] },
      'its merge "b a" is not a pair of tokens that makes another one',
    ],
    [
      { ...pairs, merges: [["a", "b", "ab"]] },
      'its merge ["a","b","ab"] is not a pair of tokens that makes another one',
    ],
    [{ ...pairs, merges: {} }, "model.merges is {}, expected a list"],
    [{ vocab: ["a"] }, 'model.vocab[0] is "a", expected [text, number]'],
    [{ ...pieces, unk_id: 2 }, "model.unk_id is 2, expected a place in its list of 2"],
  ];
  for (const [model, mistake] of cases) assertEquals(vocabularyMistake({ model }), mistake);
});
