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
  return render(diagnostic, options, new SourceLines(options.source));
}

function render(diagnostic: Diagnostic, options: RenderOptions, lines: SourceLines): string {
  const { severity, message, location, notes = [] } = diagnostic;
  const { paint = {}, clean = visibleText } = options;
  const place = location ? clean(`${location.path}:${location.line}:${location.column}: `) : "";
  const head = (paint.place ?? plain)(place) + (paint[severity] ?? plain)(`${severity}:`) +
    ` ${clean(message)}`;
  const excerpt = location ? renderExcerpt(location, options, lines) : undefined;
  const margin = " ".repeat(excerpt?.margin ?? 2);
  const noteLines = notes.map((note) => `${margin}= ${(paint.note ?? plain)(clean(note))}`);
  return [head, ...(excerpt?.lines ?? []), ...noteLines].join("\n");
}

/** Lines of files; each file is read once, however many mistakes it has. */
class SourceLines {
  readonly #source: RenderOptions["source"];
  readonly #known = new Map<string, readonly string[]>();

  constructor(source: RenderOptions["source"]) {
    this.#source = source;
  }

  at({ path, line }: Location): string | undefined {
    const lines = this.#known.get(path) ?? this.#source?.(path)?.split(/\r?\n/) ?? [];
    this.#known.set(path, lines);
    return lines[line - 1];
  }
}

/** Messages of one kind that are written out; more are counted. */
const maxAlike = 5;

/**
 * All diagnostics, one after the other, with a blank line between them. Those in a row that say the
 * same to do, and have no place in a file, are printed together.
 *
 * @example
 * ```ts
 * import { renderDiagnostics } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const missing = (op: string) => ({
 *   code: "no-gradient-rule",
 *   severity: "error",
 *   message: `${op} has no gradient rule`,
 *   notes: ["give a rule in `rules`"],
 * } as const);
 * const text = "error: A has no gradient rule\nerror: B has no gradient rule\n" +
 *   "  = give a rule in `rules`";
 * assertEquals(renderDiagnostics([missing("A"), missing("B")]), text);
 * ```
 */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  options: RenderOptions = {},
): string {
  const lines = new SourceLines(options.source);
  const rows = alikeInRows(diagnostics);
  return rows.map((alike) => renderAlike(alike, options, lines)).join("\n\n");
}

function alikeInRows(diagnostics: readonly Diagnostic[]): Diagnostic[][] {
  const rows: Diagnostic[][] = [];
  for (const diagnostic of diagnostics) {
    const row = rows.at(-1);
    if (row !== undefined && isAlike(row[0]!, diagnostic)) row.push(diagnostic);
    else rows.push([diagnostic]);
  }
  return rows;
}

function isAlike(a: Diagnostic, b: Diagnostic): boolean {
  const [notes, others] = [a.notes ?? [], b.notes ?? []];
  return a.code === b.code && a.severity === b.severity && !a.location && !b.location &&
    notes.length > 0 && notes.length === others.length &&
    notes.every((note, index) => note === others[index]);
}

/** The messages, then once what their notes say. */
function renderAlike(
  alike: readonly Diagnostic[],
  options: RenderOptions,
  lines: SourceLines,
): string {
  const shown = alike.slice(0, maxAlike);
  const more = alike.length - shown.length;
  const notes = [...(more > 0 ? [`and ${more} more like these`] : []), ...(alike[0]!.notes ?? [])];
  return shown.map((diagnostic, index) =>
    render({ ...diagnostic, notes: index === shown.length - 1 ? notes : [] }, options, lines)
  ).join("\n");
}

/** Most characters of a line that are shown, and how many of them before the mistake. */
const excerpt = { length: 160, before: 60 };

function renderExcerpt(
  location: Location,
  options: RenderOptions,
  lines: SourceLines,
): { lines: string[]; margin: number } | undefined {
  const { clean = visibleText } = options;
  const source = lines.at(location);
  if (source === undefined || source.trim() === "") return undefined;
  const { text, column } = aroundColumn(source, location.column);
  // One sign represents one character, so that the carets stay below what they mark.
  const line = clean(text);
  const number = `  ${location.line} `;
  const gutter = " ".repeat(number.length);
  const lead = line.slice(0, column - 1).replace(/[^\t]/g, " ");
  const room = Math.max(1, line.length - column + 1);
  const carets = "^".repeat(Math.max(1, Math.min(location.length, room)));
  return {
    lines: [`${number}| ${line}`, `${gutter}| ${lead}${(options.paint?.caret ?? plain)(carets)}`],
    margin: gutter.length,
  };
}

/** The part of a long line around a column, and the column in it. */
function aroundColumn(line: string, column: number): { text: string; column: number } {
  if (line.length <= excerpt.length) return { text: line, column };
  const start = Math.max(0, Math.min(column - 1 - excerpt.before, line.length - excerpt.length));
  const end = start + excerpt.length;
  const [before, after] = [start > 0 ? "…" : "", end < line.length ? "…" : ""];
  return {
    text: `${before}${line.slice(start, end)}${after}`,
    column: column - start + before.length,
  };
}
