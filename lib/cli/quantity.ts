/** Reads sizes and times as people write them on the command line. @module */
import type { Share } from "../attestation/draw.ts";
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { durationForm, durationMs, sizeBytes, sizeForm } from "../pipeline/read/amounts.ts";

/** Milliseconds of `30d`. @throws {DiagnosticError} if the text is not a duration. */
export function durationOf(text: string | undefined, where: string): number | undefined {
  return read(text, where, { form: durationForm, to: durationMs, like: "30d" });
}

/** Bytes of `10GiB`. @throws {DiagnosticError} if the text is not a size. */
export function sizeOf(text: string | undefined, where: string): number | undefined {
  return read(text, where, { form: sizeForm, to: sizeBytes, like: "10GiB" });
}

/** A part of something, as `10%` or as a number of things. @throws {DiagnosticError} if it is neither. */
export function shareOf(text: string, where: string): Share {
  if (/^[1-9]\d*$/.test(text)) return { count: Number(text) };
  return { percent: percentOf(text, where) };
}

/** 10 of `10%`. @throws {DiagnosticError} if the text is not a percentage, or above 100. */
export function percentOf(text: string, where: string): number {
  const percent = read(text, where, { form: /^\d+(\.\d+)?\s*%$/, to: parseFloat, like: "10%" })!;
  if (percent <= 100) return percent;
  const message = `Cannot use "${text}" for ${where}: expected at most 100%`;
  throw diagnosticError("usage", message);
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
  throw diagnosticError("usage", message);
}
