import { assert, assertEquals, assertThrows } from "@std/assert";
import { choicesOf } from "../../lib/data/multiple_choice.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";

const columns = { candidates: "choices", answer: "answer" };

type Asked = readonly [choices: readonly unknown[], answer: unknown];

const rowsOf = (asked: readonly Asked[]) =>
  asked.map(([choices, answer], i) => ({ where: `row ${i + 1}`, fields: { choices, answer } }));

const read: readonly (readonly [name: string, asked: readonly Asked[], letters: string])[] = [
  ["numbers as places", [[["4", "2", "1", "0"], 0], [["4", "2", "1", "0"], 2]], "AC"],
  ["numbers as places of numbers", [[[4, 2, 1, 0], 0]], "A"],
  ["texts, letters and places of texts", [[["x", "y"], "y"], [["x", "y"], "b"], [
    ["x", "y"],
    "1",
  ]], "BBB"],
  ["a text that is a letter and the words of the same choice", [[["A", "B"], "B"]], "B"],
  ["texts, where all fit words and some no letter", [[["B", "A"], "A"], [["x", "y"], "y"]], "BB"],
  [
    "letters, where all fit letters and some no words",
    [[["B", "A"], "A"], [["x", "y"], "B"]],
    "AB",
  ],
  ["places, where all fit places and some no words", [[["2", "1"], "1"], [["2", "1"], "0"]], "BA"],
  ["words, where all fit words and some no places", [[["2", "1"], "1"], [["2", "1"], "2"]], "BA"],
];

for (const [name, asked, letters] of read) {
  Deno.test(`choicesOf() reads ${name}`, () => {
    const choices = choicesOf(rowsOf(asked), columns, { jsonl: "a.jsonl" });
    assertEquals(choices.map(({ answer }) => answer).join(""), letters);
  });
}

const refused: readonly (readonly [asked: Asked, message: string])[] = [
  [[["B", "A"], "A"], 'row 1: its answer "A" may be the text of choice B ("A") or the letter of'],
  [[["4", "2", "1", "0"], "0"], 'may be the text of choice D ("0") or the place of choice A ("4")'],
  [[[4, 2, 1, 0], 4], "its answer 4 is not one of the 4 choices"],
  [[["x", "y"], 0.5], "its answer 0.5 is not one of the 2 choices"],
  [[["x", ""], undefined], "its answer is missing and is not one of the 2 choices"],
];

for (const [asked, message] of refused) {
  Deno.test(`choicesOf() says: ${message}`, () => {
    const error = assertThrows(
      () => choicesOf(rowsOf([asked]), columns, { jsonl: "a.jsonl" }),
      DiagnosticError,
    );
    assert(error.message.includes(message), error.message);
  });
}
