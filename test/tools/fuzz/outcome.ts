/** Tells clear errors from accidents. @module */
import { Nonsense } from "./format.ts";

/** `accepted`, `refused`, or what is a fault. */
export type Outcome = "accepted" | "refused" | string;

/** Messages of the language that begin like ours. */
const languageWords =
  /^Cannot (read propert|convert |destructure|mix |set propert|access |create property|delete |redefine|assign |add property|perform )/;

/** The class of a fault, or `refused`. */
export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof Error)) return `threw ${typeof error}`;
  if (error instanceof Nonsense) return `accepted: ${error.message}`;
  if (error instanceof Deno.errors.NotCapable) return `outside: ${shape(error.message)}`;
  return isClear(error) ? "refused" : `crash: ${error.constructor.name}: ${shape(error.message)}`;
}

/** An error of the program's own, or a built-in one for values and texts in its words. */
function isClear(error: Error): boolean {
  const { name } = error.constructor;
  const isOwn = !(name in globalThis) && !(name in Deno.errors) && error.constructor !== Error;
  const isOurs = /^Cannot /.test(error.message) && !languageWords.test(error.message);
  if (isOwn) return error.message !== "" && !languageWords.test(error.message);
  return isOurs && (error instanceof SyntaxError || error instanceof RangeError);
}

/** A message without what differs from input to input. */
function shape(message: string): string {
  return message.split("\n", 1)[0]!.replace(/"[^"]*"/g, '"…"').replace(/-?\d[\d.e+-]*/g, "#")
    .replace(/[^\x20-\x7e…]+/g, "?").slice(0, 120);
}
