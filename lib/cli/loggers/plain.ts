/** Logs a run as lines of text. @module */
import type { RunEvent } from "../../pipeline/contract/event.ts";
import type { Progress } from "../../pipeline/contract/stage.ts";
import { printLine } from "../print.ts";
import type { Logger } from "./logger.ts";
import { Remaining } from "./remaining.ts";
import { eventLine, progressText, summaryLine } from "../event_text.ts";

/** How much to print. */
export interface PlainOptions {
  /** Failures, warnings and the last line only. */
  readonly quiet?: boolean;
  /** Milliseconds from any point in time. */
  readonly now?: () => number;
}

const loud = new Set(["task-failed", "task-retrying", "warning"]);

/** Shortest time between two lines on the progress of a task, and on that of the run. */
const progressIntervalMs = 10_000;
const remainingIntervalMs = 30_000;

/** Lines for logs that nobody watches. */
export function plainLogger(options: PlainOptions = {}): Logger {
  const now = options.now ?? (() => performance.now());
  const progressLine = progressLines(now);
  const remainingLine = remainingLines(now);
  return {
    log(event) {
      if (event.type === "run-finished") return printLine(summaryLine(event));
      if (options.quiet && !loud.has(event.type)) return;
      const line = event.type === "task-progress"
        ? progressLine(event.task, event.progress)
        : eventLine(event);
      if (line !== undefined) printLine(line);
      const rest = remainingLine(event);
      if (rest !== undefined) printLine(rest);
    },
    close: () => {},
  };
}

/** After a task, and every half minute at most, a line for the run. */
function remainingLines(now: () => number): (event: RunEvent) => string | undefined {
  const remaining = new Remaining(now);
  let printedAt = now();
  return (event) => {
    remaining.follow(event);
    if (event.type !== "task-finished" || now() - printedAt < remainingIntervalMs) return undefined;
    printedAt = now();
    return `  ${remaining.text()}`;
  };
}

/** Every tenth second a line for each task. */
function progressLines(now: () => number): (task: string, p: Progress) => string | undefined {
  const seen = new Map<string, { startedAt: number; firstDone: number; printedAt: number }>();
  return (task, progress) => {
    const at = now();
    const known = seen.get(task);
    if (!known || progress.done < known.firstDone) {
      seen.set(task, { startedAt: at, firstDone: progress.done, printedAt: at });
      return undefined;
    }
    if (at - known.printedAt < progressIntervalMs) return undefined;
    known.printedAt = at;
    const pace = { elapsedMs: at - known.startedAt, firstDone: known.firstDone };
    return `  ${task}: ${progressText(progress, pace)}`;
  };
}
