/** Makes the text of others harmless for a terminal. @module */

/**
 * What a terminal would obey instead of showing it: control characters except line breaks and
 * tabulators, and the marks that turn the direction of what follows.
 */
// deno-lint-ignore no-control-regex
const unseen = new RegExp(
  "[\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]|\\r(?!\\n)",
  "g",
);

/**
 * The text with a visible sign for each character that a terminal would obey.
 *
 * @example
 * ```ts
 * visibleText("\x1b[31mred"); // "␛[31mred"
 * ```
 */
export function visibleText(text: string): string {
  return text.replace(unseen, signOf);
}

/** The text on one line of Markdown, where it is neither markup nor a table and fetches nothing. */
export function markdownText(text: string): string {
  const line = visibleText(text).replace(/\s+/g, " ");
  return line.replaceAll("<", "&lt;").replaceAll("|", "\\|").replace(/([!\]])(?=[[(])/g, "$1\\");
}

/** The same value as JSON without such characters. */
export function visibleJson(json: string): string {
  return json.replace(unseen, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function signOf(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}
