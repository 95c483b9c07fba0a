/** Defines a logger: it receives the events of a run. @module */
import type { RunEvent } from "../../pipeline/contract/event.ts";

/** A sink of events. */
export interface Logger {
  log(event: RunEvent): void;
  /** Takes away what is live on the screen. */
  close(): void;
}
