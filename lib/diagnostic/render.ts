/** Writes diagnostics as text: place, message, the source line with carets, notes. @module */
import { visibleText } from "../trust/visible_text.ts";
import type { Diagnostic, Location } from "./diagnostic.ts";

/** How to print. */
export interface RenderOptions {
  /** Text of a file named in a location, to show its line. */
  readonly source?: (path: string) => string | undefined;
  /** Paints parts of the text; none by default. */
  readonly paint?: Partial<Record<"error" | "warning" | "place" | "caret" | "note", Paint>>;
  /** Makes text of others harmless before it is painted; by default removes control characters only. */
  readonly clean?: (text: string) => string;
}

type Paint = (text: string) => string;

const plain: Paint = (text) => text;

/**
 * One diagnostic as text, without a line break at its end.
 *
 * ```text
 * demo.yaml:7:14: error: stages.prompt.with.steps must be a number, but is a string
 *   7 |       steps: "many"
 *     |              ^^^^^^
 *     = note
 * ```
 *
 * @example
 * ```ts
 * import { renderDiagnostic } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const diagnostic = {
 *   code: "unknown-key",
 *   severity: "error",
 *   message: 'Unknown key "lrr"',
 *   notes: ['did you mean "lr"?'],
 * } as const;
 * const text = 'error: Unknown key "lrr"\n  = did you mean "lr"?';
 * assertEquals(renderDiagnostic(diagnostic), text);
 * ```
 */
export function renderDiagnostic(diagnostic: Diagnostic, options: RenderOptions = {}): string {
  const { severity, message, location, notes = [] } = diagnostic;
  const { paint = {}, clean = visibleText } = options;
  const place = location ? clean(`${location.path}:${location.line}:${location.column}: `) : "";
  const head = (paint.place ?? plain)(place) + (paint[severity] ?? plain)(`${severity}:`) +
    ` ${clean(message)}`;
  const excerpt = location ? renderExcerpt(location, options) : undefined;
  const margin = " ".repeat(excerpt?.margin ?? 2);
  const noteLines = notes.map((note) => `${margin}= ${(paint.note ?? plain)(clean(note))}`);
  return [head, ...(excerpt?.lines ?? []), ...noteLines].join("\n");
}

/**
 * All diagnostics, one after the other, with a blank line between them.
 *
 * @example
 * ```ts
 * import { renderDiagnostics } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const diagnostic = {
 *   code: "unknown-key",
 *   severity: "error",
 *   message: 'Unknown key "lrr"',
 *   notes: ['did you mean "lr"?'],
 * } as const;
 * const text = 'error: Unknown key "lrr"\n  = did you mean "lr"?';
 * assertEquals(renderDiagnostics([diagnostic, diagnostic]), [text, text].join("\n\n"));
 * ```
 */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  options: RenderOptions = {},
): string {
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, options)).join("\n\n");
}

function renderExcerpt(
  location: Location,
  options: RenderOptions,
): { lines: string[]; margin: number } | undefined {
  const { clean = visibleText } = options;
  const source = options.source?.(location.path)?.split(/\r?\n/)[location.line - 1];
  // One sign represents one character, so that the carets stay below what they mark.
  const line = source && clean(source);
  if (line === undefined || line.trim() === "") return undefined;
  const number = `  ${location.line} `;
  const gutter = " ".repeat(number.length);
  const lead = line.slice(0, location.column - 1).replace(/[^\t]/g, " ");
  const room = Math.max(1, line.length - location.column + 1);
  const carets = "^".repeat(Math.max(1, Math.min(location.length, room)));
  return {
    lines: [`${number}| ${line}`, `${gutter}| ${lead}${(options.paint?.caret ?? plain)(carets)}`],
    margin: gutter.length,
  };
}
