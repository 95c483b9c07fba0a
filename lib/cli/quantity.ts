/** Sizes and times as people write them on the command line. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { durationMs, sizeBytes } from "../pipeline/read/spec.ts";

/** Milliseconds of `30d`. @throws {DiagnosticError} if it is none. */
export function durationOf(text: string | undefined, where: string): number | undefined {
  return read(text, where, { form: /^\d+(\.\d+)?\s*(ms|s|m|h|d)$/, to: durationMs, like: "30d" });
}

/** Bytes of `10GiB`. @throws {DiagnosticError} if it is none. */
export function sizeOf(text: string | undefined, where: string): number | undefined {
  return read(text, where, { form: /^\d+(\.\d+)?\s*([KMGT]i?)?B$/, to: sizeBytes, like: "10GiB" });
}

interface Reading {
  readonly form: RegExp;
  readonly to: (text: string) => number;
  readonly like: string;
}

function read(text: string | undefined, where: string, reading: Reading): number | undefined {
  if (text === undefined) return undefined;
  if (reading.form.test(text)) return reading.to(text);
  const message = `Cannot use "${text}" for ${where}: expected something like ${reading.like}`;
  throw new DiagnosticError([{ code: "usage", severity: "error", message }]);
}
