/** Logs a run on a terminal, with a live line for each running task. @module */
import { dim, green, red, yellow } from "@std/fmt/colors";
import type { RunEvent } from "../../pipeline/contract/event.ts";
import type { QueueState } from "../../pipeline/contract/job.ts";
import type { Progress } from "../../pipeline/contract/stage.ts";
import { printPainted, shownText } from "../print.ts";
import type { Logger } from "./logger.ts";
import { Remaining } from "./remaining.ts";
import { eventLine, progressText, queueText, summaryLine } from "../event_text.ts";

/** A task that runs, as the screen shows it. */
interface LiveTask {
  readonly startedAt: number;
  progress?: Progress;
  queue?: QueueState;
  first?: { readonly at: number; readonly done: number };
}

const paints: Partial<Record<RunEvent["type"], (text: string) => string>> = {
  "task-finished": green,
  "task-failed": red,
  "task-retrying": yellow,
  "warning": yellow,
  "task-log": dim,
};

/** Most live lines at once; the others are counted. */
const maxLines = 8;

/** One live line a running task below the lines of what has happened. */
export class TerminalLogger implements Logger {
  readonly #live = new Map<string, LiveTask>();
  readonly #timer: ReturnType<typeof setInterval>;
  #drawn = 0;
  readonly #remaining = new Remaining(() => performance.now());

  constructor() {
    this.#timer = setInterval(() => this.#draw(), 200);
    Deno.unrefTimer(Number(this.#timer));
  }

  log(event: RunEvent): void {
    this.#follow(event);
    const line = event.type === "run-finished"
      ? summaryLine(event)
      : isLive(event)
      ? undefined
      : eventLine(event);
    if (line !== undefined) this.#print((paints[event.type] ?? String)(shownText(line)));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#erase();
  }

  #follow(event: RunEvent): void {
    this.#remaining.follow(event);
    if (event.type === "task-started") {
      this.#live.set(event.task, { startedAt: performance.now() });
    }
    if (event.type === "task-queue") this.#queue(event.task, event.queue);
    if (event.type === "task-progress") this.#progress(event.task, event.progress);
    if (event.type === "task-finished" || event.type === "task-failed") {
      this.#live.delete(event.task);
    }
  }

  #progress(task: string, progress: Progress): void {
    const live = this.#live.get(task);
    if (!live) return;
    live.first ??= { at: performance.now(), done: progress.done };
    live.progress = progress;
  }

  #queue(task: string, queue: QueueState): void {
    const live = this.#live.get(task);
    if (!live) return;
    live.queue = queue;
    if (queue.phase === "waits") delete live.progress;
  }

  #print(line: string): void {
    this.#erase();
    printPainted(`${line}\n`);
    this.#draw();
  }

  #erase(): void {
    if (this.#drawn > 0) printPainted(`\x1b[${this.#drawn}A\x1b[0J`);
    this.#drawn = 0;
  }

  #draw(): void {
    const width = screenWidth();
    const tasks = [...this.#live].slice(0, maxLines);
    const lines = tasks.map(([name, live]) =>
      clip(shownText(`… ${name}  ${liveText(live)}`), width)
    );
    if (this.#live.size > 0) {
      lines.push(clip(`  ${this.#remaining.text()}, ${this.#live.size} running`, width));
    }
    this.#erase();
    if (lines.length > 0) printPainted(lines.map((line) => `${line}\n`).join(""));
    this.#drawn = lines.length;
  }
}

/** What the live line of a task shows. */
function isLive(event: RunEvent): boolean {
  if (event.type === "task-queue") return event.queue.advice === undefined;
  return event.type === "task-started" && event.attempt === 1;
}

function liveText(live: LiveTask): string {
  const now = performance.now();
  if (!live.progress || !live.first) {
    const queue = live.queue === undefined ? "" : `${queueText(live.queue)}, `;
    return `${queue}${((now - live.startedAt) / 1000).toFixed(0)} s`;
  }
  const pace = { elapsedMs: now - live.first.at, firstDone: live.first.done };
  return progressText(live.progress, pace);
}

function clip(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}

function screenWidth(): number {
  try {
    return Math.max(20, Deno.consoleSize().columns || 80);
  } catch {
    return 80;
  }
}
