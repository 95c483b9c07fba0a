/** White space and line ends, as Python has them: JavaScript's are not the same. @module */

/** What counts as white space, as the inside of a class of characters. */
export const blanks =
  " \\t\\n\\r\\v\\f\\x1c-\\x1f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const atEnd = new RegExp(`[${blanks}]+$`);

/** A text without the white space at its end. */
export function withoutEnd(text: string): string {
  return text.replace(atEnd, "");
}

/** What ends a line. */
const ends = "\\n\\v\\f\\r\\x1c-\\x1e\\x85\\u2028\\u2029";
const line = new RegExp(`[^${ends}]*(?:\\r\\n|[${ends}])|[^${ends}]+`, "g");
const endOfLine = new RegExp(`(?:\\r\\n|[${ends}])$`);

/** The lines of a text. @param keeps Whether they keep what ends them. */
export function linesOf(text: string, keeps = false): readonly string[] {
  const lines = text.match(line) ?? [];
  return keeps ? lines : lines.map((one) => one.replace(endOfLine, ""));
}
