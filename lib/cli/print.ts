/**
 * Prints text and numbers for people. It removes control characters and secrets from the text of
 * others.
 *
 * @module
 */
import { isSystemError } from "../cache/disk/system_error.ts";
import { withoutPasswords } from "../trust/urls.ts";
import { secretValues } from "../workspace/secret_values.ts";
import { visibleJson, visibleText } from "../trust/visible_text.ts";

const encoder = new TextEncoder();

/** Whether a stream is a terminal that knows colours and can move its cursor. */
export function isRich(stream: typeof Deno.stdout | typeof Deno.stderr): boolean {
  return stream.isTerminal() && Deno.env.get("TERM") !== "dumb";
}

/** A text as it may be shown: no secrets, and no characters that a terminal obeys. */
export function shownText(text: string): string {
  return visibleText(withoutPasswords(secretValues().hide(text)));
}

/** Prints a text and a line break. */
export function printLine(text = ""): void {
  printText(`${text}\n`);
}

/** Prints a value as one line of JSON. */
export function printJson(value: unknown): void {
  const text = withoutPasswords(secretValues().hide(JSON.stringify(value)));
  writeAll(Deno.stdout, `${visibleJson(text)}\n`);
}

/** Writes without a line break. */
export function printText(text: string): void {
  writeAll(Deno.stdout, shownText(text));
}

/** Writes what has been made harmless before, and is painted for a terminal. */
export function printPainted(text: string): void {
  writeAll(Deno.stdout, text);
}

/** Prints a text and a line break beside the output. */
export function printNotice(text: string): void {
  writeAll(Deno.stderr, `${shownText(text)}\n`);
}

/** The same of what has been made harmless before. */
export function printPaintedNotice(text: string): void {
  writeAll(Deno.stderr, `${text}\n`);
}

function writeAll(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  const bytes = encoder.encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
  } catch (error) {
    if (!isUnread(error)) throw error;
  }
}

/** Whether nobody reads any more (`| head`, a terminal that was closed): that is not our failure. */
function isUnread(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || isSystemError(error) && error.code === "EIO";
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min` */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
}

/** `1 task`, `3 tasks` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Rows with their columns aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((text, column) => widths[column] = Math.max(widths[column] ?? 0, text.length));
  }
  return rows.map((row) =>
    row.map((text, column) => text.padEnd(widths[column]!)).join("  ").trimEnd()
  )
    .join("\n");
}
