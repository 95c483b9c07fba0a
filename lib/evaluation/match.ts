/** Decides whether a free answer is right. @module */
import { vqaAnswer } from "./vqa_answer.ts";

/** How a generated answer is compared with the truth. */
export type Match = "token" | "substring" | "vqa";

/** Lower case, without punctuation and articles, single spaces (as VQA evaluations do). */
export function normaliseAnswer(text: string): string {
  return text.toLowerCase()
    .replace(/[^\p{L}\p{N}\s]/gu, " ")
    .replace(/\b(a|an|the)\b/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/**
 * Whether an answer contains the truth: as whole words (`token`), or anywhere in the text
 * (`substring`, the rule of arXiv 2404.11207's code); or is equal to it once both are written as the
 * official evaluation of VQA writes them (`vqa`).
 */
export function answerMatches(answer: string, truth: string, match: Match = "token"): boolean {
  if (match === "vqa") return vqaAnswer(answer) === vqaAnswer(truth);
  const [said, wanted] = [normaliseAnswer(answer), normaliseAnswer(truth)];
  if (wanted === "") return said === "";
  return match === "substring" ? said.includes(wanted) : ` ${said} `.includes(` ${wanted} `);
}
