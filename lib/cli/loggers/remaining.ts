/** Estimates how far a run is, and how long the rest takes. @module */
import type { RunEvent } from "../../pipeline/contract/event.ts";
import { formatDuration } from "../print.ts";

/** What is known of the tasks of a stage. */
interface StageTimes {
  /** Tasks that are not over. */
  left: number;
  ran: number;
  /** Of those that ran. */
  totalMs: number;
}

/**
 * Follows a run. A task that has not begun is taken to last as long as the mean of its stage so far,
 * and tasks to run side by side as many as may: an estimate, as good as tasks of a stage are alike.
 */
export class Remaining {
  readonly #now: () => number;
  readonly #stages = new Map<string, StageTimes>();
  readonly #startedAt = new Map<string, number>();
  #tasks = 0;
  #over = 0;
  #jobs = 1;

  /** @param now Milliseconds from any point in time. */
  constructor(now: () => number) {
    this.#now = now;
  }

  follow(event: RunEvent): void {
    if (event.type === "run-started") this.#start(event);
    else if (event.type === "task-started") this.#startedAt.set(event.task, this.#now());
    else if (event.type === "task-finished") this.#end(event, event.durationMs);
    else if (
      event.type === "task-cached" || event.type === "task-failed" || event.type === "task-skipped"
    ) this.#end(event);
  }

  /**
   * `23/66 tasks, about 1 min 5 s left`; `at least` where some stage has not run yet, and no time
   * at all where most of what is left is of such stages.
   */
  text(): string {
    const left = this.#leftMs();
    const words = left === undefined
      ? ""
      : `, ${left.isWhole ? "about" : "at least"} ${formatDuration(Math.max(1000, left.ms))} left`;
    return `${this.#over}/${this.#tasks} tasks${words}`;
  }

  #start({ tasks, jobs, stages = {} }: RunEvent & { type: "run-started" }): void {
    [this.#tasks, this.#jobs] = [tasks, jobs];
    for (const [stage, left] of Object.entries(stages)) {
      this.#stages.set(stage, { left, ran: 0, totalMs: 0 });
    }
  }

  #end({ task, stage }: { readonly task: string; readonly stage: string }, ranMs?: number): void {
    this.#over++;
    this.#startedAt.delete(task);
    const times = this.#stages.get(stage);
    if (times === undefined) return;
    times.left--;
    if (ranMs === undefined) return;
    times.ran++;
    times.totalMs += ranMs;
  }

  #leftMs(): { readonly ms: number; readonly isWhole: boolean } | undefined {
    const waiting = [...this.#stages.values()].filter(({ left }) => left > 0);
    const known = waiting.filter(({ ran }) => ran > 0);
    if (known.length === 0 || 2 * tasksOf(known) < tasksOf(waiting)) return undefined;
    const work = known.reduce((sum, { left, ran, totalMs }) => sum + left * totalMs / ran, 0);
    const now = this.#now();
    const spent = [...this.#startedAt.values()].reduce((sum, at) => sum + now - at, 0);
    return {
      ms: Math.max(0, work - spent) / this.#jobs,
      isWhole: known.length === waiting.length,
    };
  }
}

function tasksOf(stages: readonly StageTimes[]): number {
  return stages.reduce((sum, { left }) => sum + left, 0);
}
