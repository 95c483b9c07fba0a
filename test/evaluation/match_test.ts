import { vqaAnswer } from "../../lib/evaluation/vqa_answer.ts";
import { assertEquals } from "@std/assert";
import { answerMatches, type Match } from "../../lib/evaluation/match.ts";

Deno.test("answerMatches() compares whole words, or any substring", () => {
  const cases: [string, string, Match, boolean][] = [
    ["There are 3 cubes.", "3", "token", true],
    ["13", "3", "token", false],
    ["13", "3", "substring", true],
    ["Yes, it is.", "yes", "token", true],
    ["A red cube", "the red cube", "token", true],
    ["redcube", "red", "token", false],
    ["", "red", "token", false],
    ["The three, cats!", "3 cats", "vqa", true],
    ["It isnt a dog.", "it isn't dog", "vqa", true],
    ["1,000", "1000", "vqa", true],
    ["3.5", "35", "vqa", false],
    ["red and blue", "red", "vqa", false],
    ["black/white", "black white", "vqa", true],
  ];
  for (const [answer, truth, match, expected] of cases) {
    assertEquals(answerMatches(answer, truth, match), expected, `${answer} / ${truth} (${match})`);
  }
});

/** As the published rules write them. */
const officialForms: readonly (readonly [answer: string, form: string])[] = [
  ["The Red, and a blue.", "red and blue"],
  ["two  dogs\n", "2 dogs"],
  ["None", "0"],
  ["1,000", "1000"],
  ["3.5", "3.5"],
  ["3.", "3"],
  ["U.S.", "us"],
  ["t-shirt", "t shirt"],
  ["black - white", "black white"],
  ["yes!", "yes"],
  ["dont", "don't"],
  ["couldnt've", "couldn't've"],
  ["y'alld've", "y'all'd've"],
  ["hes", "he's"],
  ["its", "its"],
  ["Im", "im"],
  ["wo'nt", "wo'nt"],
  ["", ""],
];

for (const [answer, form] of officialForms) {
  Deno.test(`vqaAnswer() writes ${JSON.stringify(answer)} as ${JSON.stringify(form)}`, () =>
    assertEquals(vqaAnswer(answer), form));
}
