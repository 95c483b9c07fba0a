/** Decides whether a free answer is right. @module */
import { vqaAnswer } from "./vqa_answer.ts";

/** How a generated answer is compared with the truth. */
interface MatchRule {
  readonly description: string;
  readonly holds: (answer: string, truth: string) => boolean;
}

/** The rules by name. */
export const matches = {
  token: {
    description: "the truth as whole words",
    holds: (answer, truth) =>
      contains(` ${normaliseAnswer(answer)} `, ` ${normaliseAnswer(truth)} `),
  },
  substring: {
    description: "the truth anywhere, the rule of arXiv 2404.11207's code",
    holds: (answer, truth) => contains(normaliseAnswer(answer), normaliseAnswer(truth)),
  },
  vqa: {
    description: "equal once both are written as VQA's evaluation writes them",
    holds: (answer, truth) => vqaAnswer(answer) === vqaAnswer(truth),
  },
} satisfies Record<string, MatchRule>;

/** Name of a rule. */
export type Match = keyof typeof matches;

/** An empty truth is in an empty answer alone. */
function contains(answer: string, truth: string): boolean {
  return truth.trim() === "" ? answer.trim() === "" : answer.includes(truth);
}

/** Lower case, without punctuation and articles, single spaces (as VQA evaluations do). */
function normaliseAnswer(text: string): string {
  return text.toLowerCase()
    .replace(/[^\p{L}\p{N}\s]/gu, " ")
    .replace(/\b(a|an|the)\b/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** Whether an answer is right, by a rule. */
export function answerMatches(answer: string, truth: string, match: Match = "token"): boolean {
  return matches[match].holds(answer, truth);
}
