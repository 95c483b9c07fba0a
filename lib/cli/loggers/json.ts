/** Logs a run as lines of JSON. @module */
import { printJson } from "../print.ts";
import type { Logger } from "./logger.ts";

/** One event a line. */
export function jsonLogger(): Logger {
  return { log: printJson, close: () => {} };
}
