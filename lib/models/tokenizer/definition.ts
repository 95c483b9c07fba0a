/** Reads the parts of a tokenizer.json: each names its type, and has fields of its own. @module */

/** A JSON object of tokenizer.json. */
export type Json = Readonly<Record<string, unknown>>;

/** A part of a tokenizer that cannot be used; the message says which and why. */
export class TokenizerPartError extends RangeError {
  override readonly name = "TokenizerPartError";
}

/** What makes a step of its fields. */
export type Maker<T> = (fields: Json) => T;

/**
 * Makes a step by the row of its type.
 *
 * @param part What the step belongs to, for messages: "normalizer", "decoder", …
 * @throws {TokenizerPartError} If no row has its type.
 */
export function makeStep<T>(
  part: string,
  makers: Readonly<Record<string, Maker<T>>>,
  fields: Json,
): T {
  const { type } = fields;
  if (typeof type === "string" && Object.hasOwn(makers, type)) return makers[type]!(fields);
  const known = Object.keys(makers).join(", ");
  throw new TokenizerPartError(
    `its ${part} has the type ${JSON.stringify(type) ?? "absent"}, known are ${known}`,
  );
}

/** A text. @throws {TokenizerPartError} If the field is not one. */
export function textOf(fields: Json, name: string, absent?: string): string {
  const value = fields[name] ?? absent;
  if (typeof value === "string") return value;
  throw misfit(fields, name, "a text");
}

/** A text, or nothing where the field is absent, null or empty. */
export function optionalText(fields: Json, name: string): string | undefined {
  return textOf(fields, name, "") || undefined;
}

/** True or false. @throws {TokenizerPartError} If the field is neither. */
export function flagOf(fields: Json, name: string, absent: boolean): boolean {
  const value = fields[name] ?? absent;
  if (typeof value === "boolean") return value;
  throw misfit(fields, name, "true or false");
}

/** A whole number from 0. @throws {TokenizerPartError} If the field is not one. */
export function countOf(fields: Json, name: string, absent: number): number {
  const value = fields[name] ?? absent;
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw misfit(fields, name, "a whole number from 0");
}

/** What is wrong with the pattern of a step: it has to be a text or an expression. */
export function patternMistake({ pattern, type }: Json): string | undefined {
  const { String: text, Regex: expression } = Object(pattern) as Json;
  if (typeof text === "string" || typeof expression === "string") return undefined;
  return `the pattern of its ${type} is ${
    JSON.stringify(pattern) ?? "absent"
  }, expected { "String": TEXT } or { "Regex": TEXT }`;
}

/** A list of objects. @throws {TokenizerPartError} If the field is not one. */
export function listOf(fields: Json, name: string): readonly Json[] {
  const value = fields[name];
  if (Array.isArray(value) && value.every((item) => typeof item === "object" && item !== null)) {
    return value;
  }
  throw misfit(fields, name, "a list of objects");
}

function misfit(fields: Json, name: string, expected: string): TokenizerPartError {
  const owner = typeof fields.type === "string" ? `of its ${fields.type} ` : "";
  const shown = JSON.stringify(fields[name])?.slice(0, 60) ?? "absent";
  return new TokenizerPartError(`the field ${name} ${owner}is ${shown}, expected ${expected}`);
}
