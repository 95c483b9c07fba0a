/**
 * Writes what GitHub Actions reads: annotations in the log, the job's summary, a step's outputs.
 *
 * @module
 */
import { relative, resolve } from "@std/path";
import type { Diagnostic, Location } from "../diagnostic/diagnostic.ts";
import { markdownText } from "../trust/visible_text.ts";
import type { RunSummary } from "../pipeline/run/run.ts";
import { summaryLine } from "./event_text.ts";

/** Whether a workflow runs this program. */
export function inGithub(): boolean {
  return Deno.env.get("GITHUB_ACTIONS") === "true";
}

/** A place in a file, as far as it is known. */
export type Place = Pick<Location, "path"> & Partial<Pick<Location, "line" | "column" | "length">>;

/** The line that puts a message beside a file's line. */
export function annotation(
  kind: "error" | "warning",
  message: string,
  place: Place | undefined,
): string {
  const { path, line, column, length } = place ?? {};
  const properties = {
    file: path === undefined ? undefined : fromWorkspace(path),
    line,
    col: column,
    endColumn: column === undefined || length === undefined ? undefined : column + length,
  };
  const written = Object.entries(properties).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(",");
  return `::${kind}${written === "" ? "" : ` ${written}`}::${escapeData(message)}`;
}

/** A mistake of a pipeline file beside its line, with its notes. */
export function diagnosticAnnotation(diagnostic: Diagnostic): string {
  const { severity, message, location, notes = [] } = diagnostic;
  const isArgument = location?.path.startsWith("--set ");
  const text = [message, ...notes, ...(isArgument ? [`in ${location!.path}`] : [])].join("\n");
  return annotation(severity, text, isArgument ? undefined : location);
}

/** Annotations count paths from the checkout, in any working directory of the step. */
function fromWorkspace(path: string): string {
  const workspace = Deno.env.get("GITHUB_WORKSPACE");
  if (!workspace) return path;
  const inside = relative(workspace, resolve(path));
  return inside.startsWith("..") ? path : inside;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** How a run is described. */
export interface RunResult {
  readonly pipeline: string;
  readonly summary: RunSummary;
  /** Pages that people want to read. */
  readonly pages: readonly string[];
}

/** Appends to the files that a step is given, where it is given them. */
export function writeStepFiles(result: RunResult): void {
  appendTo("GITHUB_STEP_SUMMARY", jobSummary(result));
  appendTo("GITHUB_OUTPUT", stepOutputs(result));
}

function appendTo(variable: string, text: string): void {
  const path = Deno.env.get(variable);
  if (path) Deno.writeTextFileSync(path, text, { append: true });
}

/** GitHub refuses a summary of more than a mebibyte as a whole. */
const longestSummary = 1_000_000;

function jobSummary({ pipeline, summary, pages }: RunResult): string {
  const failed = summary.outcomes.filter(({ failure }) => failure !== undefined);
  const head = [
    `## ${pipeline}`,
    summaryLine({ type: "run-finished", ...summary }),
    ...failed.map(({ task, failure }) =>
      `- \`${markdownText(task.id).replaceAll("`", "'")}\`: ${markdownText(failure!.message)}`
    ),
  ].join("\n\n");
  const reports = pages.filter((path) => path.endsWith(".md"))
    .map((path) => Deno.readTextFileSync(path));
  const whole = [head, ...reports].join("\n\n");
  const fits = new TextEncoder().encode(whole).length <= longestSummary;
  return `${fits ? whole : `${head}\n\nThe report is too long for this page.`}\n\n`;
}

function stepOutputs({ summary, pages }: RunResult): string {
  const { outcome, ran, cached, failed } = summary;
  const report = pages.find((path) => path.endsWith(".html")) ?? "";
  return Object.entries({ outcome, ran, cached, failed, report })
    .map(([name, value]) => `${name}=${value}\n`).join("");
}
