import type { RunEvent } from "../../pipeline/event.ts";
import { printLine } from "../print.ts";
import type { Logger } from "./logger.ts";
import { eventLine, summaryLine } from "./text.ts";

/** Where annotations point. */
export interface GithubOptions {
  /** The pipeline file as it was named. */
  readonly file: string;
  /** Line of a stage in the pipeline file. */
  readonly lineOf: (stage: string) => number | undefined;
}

/** Groups of lines a task and annotations on the lines of the pipeline file, for GitHub Actions. */
export function githubLogger(options: GithubOptions): Logger {
  const groups = new Map<string, string[]>();
  const annotate = (kind: "error" | "warning", stage: string | undefined, message: string) => {
    const line = stage === undefined ? undefined : options.lineOf(stage);
    const place = `file=${escapeProperty(options.file)}${
      line === undefined ? "" : `,line=${line}`
    }`;
    printLine(`::${kind} ${place}::${escapeData(message)}`);
  };
  const flush = (task: string, last: string) => {
    const lines = groups.get(task) ?? [];
    groups.delete(task);
    if (lines.length === 0) return printLine(last);
    printLine(`::group::${last}`);
    lines.forEach((line) => printLine(line));
    printLine("::endgroup::");
  };
  return {
    log(event: RunEvent) {
      if (event.type === "run-finished") return printLine(summaryLine(event));
      const line = eventLine(event);
      if (line === undefined) return;
      if (event.type === "task-finished" || event.type === "task-failed") flush(event.task, line);
      else if ("task" in event) groups.set(event.task, [...(groups.get(event.task) ?? []), line]);
      else printLine(line);
      if (event.type === "task-failed" && event.failure.reason !== "cancelled") {
        annotate("error", event.stage, `${event.task}: ${event.failure.message}`);
      }
      if (event.type === "warning") annotate("warning", undefined, event.diagnostic.message);
    },
    close: () => {},
  };
}

/** Appends a text to the job's summary page. */
export function appendJobSummary(path: string, text: string): void {
  Deno.writeTextFileSync(path, `${text}\n`, { append: true });
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
