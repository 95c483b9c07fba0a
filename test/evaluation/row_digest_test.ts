import { assertEquals, assertMatch } from "@std/assert";
import { type Question, rowDigest } from "../../lib/evaluation/row_digest.ts";

const question: Question = {
  pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
  height: 1,
  width: 2,
  instruction: "What is it?",
  answer: "a cat",
};

const others: [string, Partial<Question>][] = [
  ["a pixel", { pixels: Uint8Array.of(1, 2, 3, 4, 5, 7) }],
  ["the shape", { height: 2, width: 1 }],
  ["the instruction", { instruction: "What is this?" }],
  ["the answer", { answer: "a dog" }],
  ["where one text ends", { instruction: "What is it?a", answer: " cat" }],
];
for (const [name, part] of others) {
  Deno.test(`rowDigest() changes with ${name}`, async () => {
    const [one, other] = [await rowDigest(question), await rowDigest({ ...question, ...part })];
    assertMatch(one, /^[0-9a-f]{16}$/);
    assertEquals(one === other, false);
    assertEquals(one, await rowDigest({ ...question, pixels: question.pixels.slice() }));
  });
}
