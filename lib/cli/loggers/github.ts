/** Logs a run for GitHub Actions. @module */
import type { RunEvent } from "../../pipeline/contract/event.ts";
import { annotation, type Place } from "../github.ts";
import { printLine } from "../print.ts";
import type { Logger } from "./logger.ts";
import { eventLine, summaryLine } from "../event_text.ts";

/** Where annotations point. */
export interface GithubOptions {
  /** The place of a stage; the pipeline file if there is none. */
  readonly placeOf: (stage: string | undefined) => Place;
}

/**
 * Groups of lines a task and annotations on the lines of the pipeline file, for GitHub Actions. That
 * a task has begun is reported at once, as a group appears only when the task is done.
 */
export function githubLogger(options: GithubOptions): Logger {
  const groups = new Map<string, string[]>();
  const add = (task: string, line: string) => {
    const lines = groups.get(task);
    if (lines === undefined) groups.set(task, [line]);
    else lines.push(line);
  };
  const flush = (task: string, last: string) => {
    const lines = groups.get(task) ?? [];
    groups.delete(task);
    if (lines.length === 0) return print(last);
    print(`::group::${last}`);
    lines.forEach(print);
    printLine("::endgroup::");
  };
  return {
    log(event: RunEvent) {
      if (event.type === "run-finished") return printLine(summaryLine(event));
      const line = eventLine(event);
      if (line === undefined) return;
      if (event.type === "task-finished" || event.type === "task-failed") flush(event.task, line);
      else if (!("task" in event) || event.type === "task-started") print(line);
      else add(event.task, line);
      if (event.type === "task-failed" && event.failure.reason !== "cancelled") {
        const place = options.placeOf(event.stage);
        printLine(annotation("error", `${event.task}: ${event.failure.message}`, place));
      }
      if (event.type === "warning") {
        const { message, notes = [], location = options.placeOf(undefined) } = event.diagnostic;
        printLine(annotation("warning", [message, ...notes].join("\n"), location));
      }
    },
    close: () => {},
  };
}

/** Keeps lines of a stage from being read as commands of the workflow. */
function print(text: string): void {
  printLine(text.replaceAll(/\n(?=\s*(::|##\[))/g, "\n  | "));
}
