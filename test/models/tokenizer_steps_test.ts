import { assertEquals } from "@std/assert";
import { stepMistake } from "../../lib/models/tokenizer_steps.ts";

const replace = (pattern: object, content: string) => ({ type: "Replace", pattern, content });
const sequence = (steps: readonly object[]) => ({ type: "Sequence", normalizers: steps });
const doubling = replace({ String: "a" }, "aa");

Deno.test("stepMistake() accepts what real tokenizers do", () => {
  const blank = replace({ String: " " }, "▁");
  for (
    const definition of [
      { normalizer: null, decoder: null },
      { normalizer: sequence([{ type: "Prepend", prepend: "▁" }, blank]), decoder: blank },
      { normalizer: replace({ Regex: " {2,}" }, "▁"), pre_tokenizer: { type: "Metaspace" } },
      { pre_tokenizer: { type: "FixedLength", length: 4 } },
      { normalizer: sequence(Array(8).fill(doubling)) },
    ]
  ) {
    assertEquals(stepMistake(definition), undefined);
  }
});

Deno.test("stepMistake() refuses steps without a pattern, and what makes texts too long", () => {
  const limit = "at most 256 is supported";
  const patterns = 'expected { "String": TEXT } or { "Regex": TEXT }';
  const cases: readonly [object, string][] = [
    [
      { decoder: { cleanup: true } },
      "the type of a step in its decoder is absent, expected a name",
    ],
    [
      { normalizer: { type: "Sequence", normalizers: [{ type: [5] }] } },
      "the type of a step in its normalizer is [5], expected a name",
    ],
    [
      { post_processor: "Bert" },
      "the type of a step in its post_processor is absent, expected a name",
    ],
    [{ model: { type: {} } }, "the type of a step in its model is {}, expected a name"],
    [{ pre_tokenizer: { type: "Split" } }, `the pattern of its Split is absent, ${patterns}`],
    [
      { normalizer: replace({ Regex: 5 }, "") },
      `the pattern of its Replace is {"Regex":5}, ${patterns}`,
    ],
    [
      { normalizer: sequence(Array(20).fill(doubling)) },
      `its Replace steps make a text 1048576 times as long, ${limit}`,
    ],
    [
      {
        normalizer: sequence([sequence(Array(5).fill(doubling))]),
        decoder: replace({ String: "" }, "x".repeat(31)),
      },
      `its Replace steps make a text 1024 times as long, ${limit}`,
    ],
    [
      { decoder: replace({ Regex: "." }, "x".repeat(1000)) },
      `its Replace steps make a text 1000 times as long, ${limit}`,
    ],
    [
      { pre_tokenizer: { type: "FixedLength", length: 0 } },
      "its FixedLength has length 0, expected at least 1",
    ],
  ];
  for (const [definition, mistake] of cases) assertEquals(stepMistake(definition), mistake);
});
