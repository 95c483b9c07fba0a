import { assertEquals } from "@std/assert";
import { stepMistake } from "../../lib/models/tokenizer_steps.ts";

const replace = (pattern: object, content: string) => ({ type: "Replace", pattern, content });
const sequence = (steps: readonly object[]) => ({ type: "Sequence", normalizers: steps });
/** The text for each letter, and a token of so many ids for each object. */
const template = (parts: readonly (string | object)[], ids = 1) => ({
  type: "TemplateProcessing",
  single: parts.map((part) =>
    typeof part === "string" ? { Sequence: { id: part } } : { SpecialToken: part }
  ),
  special_tokens: { x: { id: "x", ids: Array(ids).fill(1) } },
});
const templates = (times: number, tokens: number) =>
  `its TemplateProcessing writes a text ${times} times, with ${tokens} tokens around it; ` +
  "at most 256 and 10000 are supported";
const doubling = replace({ String: "a" }, "aa");
/** Runs of spaces in words and back, as in ChatGLM's tokenizer: none reads what another one writes. */
const runs = Array.from({ length: 79 }, (_, i) => [" ".repeat(80 - i), `<|blank_${80 - i}|>`]);

Deno.test("stepMistake() accepts what real tokenizers do", () => {
  const blank = replace({ String: " " }, "▁");
  for (
    const definition of [
      { normalizer: null, decoder: null },
      { normalizer: sequence([{ type: "Prepend", prepend: "▁" }, blank]), decoder: blank },
      { normalizer: replace({ Regex: " {2,}" }, "▁"), pre_tokenizer: { type: "Metaspace" } },
      { pre_tokenizer: { type: "FixedLength", length: 4 } },
      { normalizer: sequence(Array(8).fill(doubling)) },
      {
        normalizer: sequence(
          runs.map(([text = "", piece = ""]) => replace({ String: text }, piece)),
        ),
        decoder: sequence(runs.map(([text = "", piece = ""]) => replace({ String: piece }, text))),
      },
      { post_processor: template([{ id: "x" }, "A", { id: "x" }]) },
      // Whether such a token is one is said where it is read.
      { post_processor: template([{ id: { toString: 1 } }, "A", { id: "none" }]) },
      { pre_tokenizer: { type: "Split", pattern: { Regex: "(?<a>x)\\g<a>" } } },
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
        normalizer: sequence([
          sequence(Array(5).fill(doubling)),
          replace({ String: "" }, "x".repeat(31)),
        ]),
      },
      `its Replace steps make a text 1024 times as long, ${limit}`,
    ],
    [
      // What is written for a letter is what the next step looks for, once it is in lower case.
      {
        decoder: sequence([
          replace({ String: "b" }, "A".repeat(20)),
          { type: "Lowercase" },
          replace({ String: "a" }, "c".repeat(20)),
        ]),
      },
      `its Replace steps make a text 400 times as long, ${limit}`,
    ],
    [
      {
        decoder: sequence([replace({ String: "b" }, "xa".repeat(20)), ...Array(4).fill(doubling)]),
      },
      `its Replace steps make a text 640 times as long, ${limit}`,
    ],
    [
      { decoder: replace({ Regex: "." }, "x".repeat(1000)) },
      `its Replace steps make a text 1000 times as long, ${limit}`,
    ],
    [
      { pre_tokenizer: { type: "FixedLength", length: 0 } },
      "its FixedLength has length 0, expected at least 1",
    ],
    [
      { normalizer: sequence(Array(300_000).fill({ type: "NFC" })) },
      "its steps have more than 10000 parts",
    ],
    [
      { pre_tokenizer: { type: "Split", pattern: { Regex: "a".repeat(10_001) } } },
      "an expression has 10001 characters, at most 10000 are supported",
    ],
    [
      { decoder: replace({ Regex: "(?<a>x)" + "\\g<a>\\g'a'".repeat(9) }, "") },
      "an expression calls its groups 18 times, at most 16 are supported",
    ],
    [
      { post_processor: { type: "Sequence", processors: Array(10).fill(template(["A", "A"])) } },
      templates(1024, 0),
    ],
    [{ post_processor: template(Array(2).fill({ id: "x" }), 5001) }, templates(1, 10002)],
  ];
  for (const [definition, mistake] of cases) assertEquals(stepMistake(definition), mistake);
});
