import { printLine } from "../print.ts";
import type { Logger } from "./logger.ts";
import { eventLine, summaryLine } from "./text.ts";

/** How much to print. */
export interface PlainOptions {
  /** Failures, warnings and the last line only. */
  readonly quiet?: boolean;
}

const loud = new Set(["task-failed", "task-retrying", "warning"]);

/** Lines for logs that nobody watches. */
export function plainLogger(options: PlainOptions = {}): Logger {
  return {
    log(event) {
      if (event.type === "run-finished") return printLine(summaryLine(event));
      if (options.quiet && !loud.has(event.type)) return;
      const line = eventLine(event);
      if (line !== undefined) printLine(line);
    },
    close: () => {},
  };
}
