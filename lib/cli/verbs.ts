/** Commands whose first operand says what is done: `tvp data inspect`. @module */
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { suggestions } from "../diagnostic/suggest.ts";

/** The row of a verb. @throws {DiagnosticError} If the command has no such verb. */
export function verbOf<Row>(
  command: string,
  verbs: Readonly<Record<string, Row>>,
  verb: string,
): Row {
  if (Object.hasOwn(verbs, verb)) return verbs[verb]!;
  const notes = suggestions(verb, Object.keys(verbs));
  throw diagnosticError("usage", `Cannot run ${command} "${verb}"`, notes);
}

/**
 * Stops where a verb that takes nothing was given something.
 *
 * @param instead What may have been meant.
 * @throws {DiagnosticError}
 */
export function takesNothing(words: string, operand: string | undefined, instead?: string): void {
  if (operand === undefined) return;
  const message = `Cannot run ${words} "${operand}": ${words} takes nothing more`;
  throw diagnosticError("usage", message, instead === undefined ? [] : [instead]);
}
