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
