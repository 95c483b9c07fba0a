/** What one step of a template may make, told before it is made: no clock ends the engine's own loops. @module */
import { TemplateError } from "./template_error.ts";

/** Longest text or list. */
const longest = 1_000_000;

/** Most comparisons of characters in one search; they take up to a second. */
const mostComparisons = 1e9;

/** Checks how many characters or items a step will make. @throws {TemplateError} If it is too many. */
export function checkSize(size: number): void {
  if (!(size <= longest)) throw new TemplateError("it makes a text that is too long", true);
}

/** A size that is no larger than allowed. @throws {TemplateError} If it is. */
export function limited(size: number): number {
  checkSize(size);
  return size;
}

/** A text, several times. @throws {TemplateError} If it gets too long. */
export function repeated(text: string, times: number): string {
  const count = Math.max(0, times);
  // An empty text as well: the engine takes numbers of a limited size.
  checkSize(Math.max(1, text.length) * count);
  return text.repeat(count);
}

/** Texts, one after the other. @throws {TemplateError} If together they are too long. */
export function joined(texts: readonly string[], between = ""): string {
  const size = texts.reduce((sum, text) => sum + text.length, 0);
  checkSize(size + between.length * Math.max(0, texts.length - 1));
  return texts.join(between);
}

/** A text with something else for each match. @throws {TemplateError} If it gets too long. */
export function replacedAll(
  text: string,
  pattern: RegExp,
  change: (...match: string[]) => string,
): string {
  let size = text.length;
  return text.replaceAll(pattern, (...match) => {
    const part = change(...match);
    size += part.length;
    checkSize(size);
    return part;
  });
}

/** A text that is looked for in another. @throws {TemplateError} If that may take too long. */
export function sought(part: string, text: string): string {
  if (part.length * text.length <= mostComparisons) return part;
  throw new TemplateError("it looks for a text that is too long", true);
}
