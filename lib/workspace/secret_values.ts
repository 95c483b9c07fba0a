/** Collects the secrets of this process, which no output, manifest or error may show. @module */
import { Redactor } from "../trust/redactor.ts";

let known: Redactor | undefined;

/** Hides the secrets of this process's environment, and those that a pipeline declares. */
export function secretValues(): Redactor {
  return known ??= new Redactor(Deno.env.toObject());
}
