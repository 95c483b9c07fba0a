/** Reads tokens of the environment that are sent to servers. @module */
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { unsendable, unsendableNote } from "../trust/header_value.ts";

/** A token of the environment. @throws {DiagnosticError} `bad-token`, if no request can hold it. */
export function sendableToken(name: string): string | undefined {
  const token = Deno.env.get(name);
  const cause = token && unsendable(name, token);
  if (!cause) return token;
  throw diagnosticError("bad-token", `Cannot use ${name}: ${cause}`, [unsendableNote]);
}
