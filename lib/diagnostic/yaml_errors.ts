/**
 * Says what is wrong with a text that is not YAML. A second parser finds it: it goes on after a
 * mistake and describes more kinds of them than the parser that reads values.
 *
 * @module
 */
import { parseDocument, type YAMLParseError } from "yaml";
import type { Diagnostic } from "./diagnostic.ts";
import { TextPlaces } from "./text_places.ts";
import type { YamlError } from "./yaml_core.ts";

/** Errors of the syntax. After one that breaks the structure the rest would mislead. */
export function yamlErrors(
  text: string,
  refusal: YamlError,
  options: { path: string },
): Diagnostic[] {
  const places = new TextPlaces(text, options);
  const errors = secondOpinion(text);
  const breaking = errors.findIndex(({ code }) => code !== "DUPLICATE_KEY");
  const shown = breaking < 0 ? errors : errors.slice(0, breaking + 1);
  const found = shown.map((error) => ({
    cause: causeOf(error, text),
    location: places.at(error.pos[0], Math.max(1, error.pos[1] - error.pos[0])),
  }));
  // What only the reading parser refuses, such as a tag that it does not know.
  const own = { cause: refusal.message, location: places.at(refusal.offset, 1) };
  return (found.length > 0 ? found : [own]).map(({ cause, location }) => ({
    code: "yaml-syntax",
    severity: "error",
    message: `Cannot parse YAML: ${cause}`,
    location,
  }));
}

/** The second parser takes long for long texts, and is no judge of those that mean harm. */
const LONGEST_TEXT = 100_000;

function secondOpinion(text: string): readonly YAMLParseError[] {
  if (text.length > LONGEST_TEXT || DEEP.test(text)) return [];
  return parseDocument(text, { prettyErrors: false }).errors;
}

/** Hundreds of brackets or dashes: it would go down into each. */
const DEEP = /(?:[[{?-][ \t]*){100}/;

function causeOf({ code, message, pos: [start] }: YAMLParseError, text: string): string {
  if (code === "DUPLICATE_KEY") {
    const end = text.indexOf(":", start);
    return `the key "${text.slice(start, end < 0 ? undefined : end).trim()}" is there twice`;
  }
  const known = causes.find(([pattern]) => pattern.test(`${code} ${message}`));
  return known?.[1] ?? lowerFirst(message.split("\n")[0]!.replace(/\.$/, ""));
}

/** Where the parser's own words are for programmers. */
const causes: readonly (readonly [RegExp, string])[] = [
  [/^MULTIPLE_DOCS/, "a second document begins, and the file may hold one"],
  [/^BAD_INDENT Flow map/, 'a "{" is not closed by "}", or what it holds is not indented'],
  [/^BAD_INDENT Flow seq/, 'a "[" is not closed by "]", or what it holds is not indented'],
  [/^BAD_INDENT All/, "the keys of a map must begin in the same column"],
  [/^BLOCK_AS_IMPLICIT_KEY/, 'a text with ": " in it must be put in quotes'],
  [/^BAD_SCALAR_START/, "a text that begins like this must be put in quotes"],
  [/^MISSING_CHAR/, "a quote is not closed"],
  [/at node end$/, "there is more after the end of a value: does it belong in quotes?"],
];

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
