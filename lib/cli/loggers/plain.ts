import type { Progress } from "../../pipeline/stage.ts";
import { printLine } from "../print.ts";
import type { Logger } from "./logger.ts";
import { eventLine, progressText, summaryLine } from "./text.ts";

/** How much to print. */
export interface PlainOptions {
  /** Failures, warnings and the last line only. */
  readonly quiet?: boolean;
  /** Milliseconds from any point in time. */
  readonly now?: () => number;
}

const loud = new Set(["task-failed", "task-retrying", "warning"]);

/** Shortest time between two lines on the progress of a task. */
const progressIntervalMs = 10_000;

/** Lines for logs that nobody watches. */
export function plainLogger(options: PlainOptions = {}): Logger {
  const progressLine = progressLines(options.now ?? (() => performance.now()));
  return {
    log(event) {
      if (event.type === "run-finished") return printLine(summaryLine(event));
      if (options.quiet && !loud.has(event.type)) return;
      const line = event.type === "task-progress"
        ? progressLine(event.task, event.progress)
        : eventLine(event);
      if (line !== undefined) printLine(line);
    },
    close: () => {},
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
