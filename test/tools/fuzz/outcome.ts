/** Tells clear errors from accidents. @module */
import { RemoteFailure } from "../../../lib/cache/remote/retry.ts";
import { TransferError } from "../../../lib/cache/remote/transfer.ts";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { Nonsense, Refused } from "./format.ts";

/** `accepted`, `refused`, or what is a fault. */
export type Outcome = "accepted" | "refused" | string;

/** What the language says of its own mistakes, wherever it stands in a message. */
const languageWords = [
  /\(reading '/,
  /^Cannot (set propert|destructure|convert undefined|convert object|mix BigInt|redefine|assign to)/,
  /is not a (function$|constructor)/,
  /(?<!object) is not iterable/,
  /is not defined$/,
  /Maximum call stack|Invalid (array|string|typed array) length|allocation failed/,
  /(Start offset|Offset) .*(bounds|multiple)|Invalid (count value|time value|date)/,
  /\bundefined\b(?! values)|(?<=[\s[,])(?<!holds |δ is )NaN(?=[\s\],.]|$)|\[object \w+\]/,
  /\bat .*\.[jt]s:\d/,
];

/** The class of a fault, or `refused`. */
export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof Error)) return `threw ${typeof error}`;
  if (error instanceof Nonsense) return `accepted: ${error.message}`;
  if (error instanceof Deno.errors.NotCapable) return `outside: ${shape(error.message)}`;
  if (!isTyped(error)) return `crash: ${error.constructor.name}: ${shape(error.message)}`;
  const wrong = saidBy(error).find((text) => {
    const own = text.replace(/"([^"\\]|\\.)*"|"[^"]*$|\(.*\)$/g, "…");
    return text === "" || languageWords.some((words) => words.test(own));
  });
  return wrong === undefined ? "refused" : `words: ${shape(wrong)}`;
}

/** Errors that the program tells people as they are: its own, and built-in ones in its words. */
function isTyped(error: Error): boolean {
  const own = [DiagnosticError, TransferError, RemoteFailure, Refused];
  if (own.some((kind) => error instanceof kind)) return true;
  const isBad = error instanceof SyntaxError || error instanceof RangeError;
  return isBad && /^Cannot /.test(error.message);
}

/** Every sentence that people would read. */
function saidBy(error: Error): readonly string[] {
  if (!(error instanceof DiagnosticError)) return [error.message];
  return error.diagnostics.flatMap(({ message, notes = [] }) => [message, ...notes]);
}

/** A message without what differs from input to input. */
function shape(message: string): string {
  return message.split("\n", 1)[0]!.replace(/"[^"]*"/g, '"…"').replace(/-?\d[\d.e+-]*/g, "#")
    .replace(/[^\x20-\x7e…]+/g, "?").slice(0, 120);
}
