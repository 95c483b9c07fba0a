/** Asks Slurm once for all jobs of a run, and looks into their folders. @module */
import { abortable } from "@std/async/abortable";
import type { JobEvent, JobResult, QueueState } from "../pipeline/contract/job.ts";
import type { RunProgram } from "./process.ts";
import type { Submission, TaskFolder } from "./slurm_folder.ts";
import {
  accountingArguments,
  adviceOnReason,
  complaint,
  elementId,
  parseRows,
  phaseOf,
  queueArguments,
  type QueueRow,
} from "./slurm_text.ts";

/** What a run and its queue share: programs and time, which tests replace. */
export interface SlurmMeans {
  readonly run: RunProgram;
  readonly wait: (ms: number) => Promise<void>;
  readonly now: () => number;
}

/** What is known of a job that has ended. */
export interface JobEnd {
  readonly result?: JobResult;
  /** The last that Slurm said. */
  readonly row?: QueueRow;
}

/** Time between two looks into the folders of jobs; longer where there are many. */
const TICK_MS = 500;
const TICK_PER_JOB_MS = 10;

/** Shortest and longest time between two questions to Slurm; it grows while nothing changes. */
const POLL_MS = { shortest: 2000, longest: 30_000, growth: 1.5 };

/** How long a file may take from the node to here, where Slurm says that all went well, or not. */
const PATIENCE_MS = { expected: 60_000, unlikely: 5000 };

interface Watched {
  readonly id: string;
  readonly folder: TaskFolder;
  readonly onEvent: (event: JobEvent) => void;
  readonly end: PromiseWithResolvers<JobEnd>;
  row?: QueueRow;
  /** Since when it is not in the queue any more. */
  endedAtMs?: number;
  /** The last event about its place in the queue. */
  told: QueueState;
  /** Whether this runner cancelled it, so that its end needs no explanation. */
  isStopping?: boolean;
}

/** Watches jobs until they end. */
export class SlurmQueue {
  readonly #means: SlurmMeans;
  readonly #watched = new Map<string, Watched>();
  #looping = false;
  #pollMs = POLL_MS.shortest;
  #nextPollMs = 0;
  /** Questions in a row to which Slurm gave no answer. */
  #silences = 0;
  #snapshot: { readonly atMs: number; readonly rows: Promise<readonly QueueRow[]> } | undefined;

  constructor(means: SlurmMeans) {
    this.#means = means;
  }

  /** Tells what a job does until it has ended. */
  watch(id: string, folder: TaskFolder, onEvent: (event: JobEvent) => void): Promise<JobEnd> {
    const told = { id, phase: "waits" } as const;
    const watched = { id, folder, onEvent, told, end: Promise.withResolvers<JobEnd>() };
    this.#watched.set(id, watched);
    this.#askSoon();
    if (!this.#looping) void this.#loop();
    return watched.end.promise;
  }

  /** Gives up on a job that does not end. */
  forget(id: string): void {
    this.#watched.get(id)?.end.resolve({});
    this.#watched.delete(id);
  }

  isWatched(id: string): boolean {
    return this.#watched.has(id);
  }

  /** Says that jobs are being cancelled. */
  stopping(ids: readonly string[]): void {
    for (const id of ids) {
      const watched = this.#watched.get(id);
      if (watched) watched.isStopping = true;
    }
  }

  /** Waits until jobs have ended, but no longer than that. */
  async settled(ids: readonly string[], longestMs: number): Promise<void> {
    const startMs = this.#means.now();
    this.#askSoon();
    while (ids.some((id) => this.#watched.has(id))) {
      if (this.#means.now() - startMs >= longestMs) return;
      await this.#means.wait(TICK_MS);
    }
  }

  /** Whether a job waits; one that is not yet known is taken to. */
  isWaiting(id: string): boolean {
    const { row } = this.#watched.get(id) ?? {};
    return row === undefined || phaseOf(row.state) === "waits";
  }

  /** The job of an earlier submission that has not ended; asks until Slurm answers. */
  async find(
    submission: Submission,
    signal: AbortSignal,
    onEvent?: (event: JobEvent) => void,
  ): Promise<string | undefined> {
    const { batch, index, size, id } = submission;
    for (let silences = 1;; silences++) {
      signal.throwIfAborted();
      try {
        const open = (await this.#recentRows()).filter((row) => phaseOf(row.state) !== "ended");
        return open.find((row) =>
          id === undefined
            ? row.name === batch && row.id === elementId(row.id.split("_")[0]!, index, size)
            : row.id === id
        )?.id;
      } catch (error) {
        if (!(error instanceof SlurmSilence)) throw error;
        if (silences === 2) onEvent?.({ type: "log", line: silenceText(error) });
        await abortable(this.#means.wait(POLL_MS.shortest), signal);
      }
    }
  }

  #askSoon(): void {
    this.#pollMs = POLL_MS.shortest;
    this.#nextPollMs = Math.min(this.#nextPollMs, this.#means.now() + this.#pollMs);
  }

  async #loop(): Promise<void> {
    this.#looping = true;
    this.#nextPollMs = this.#means.now() + this.#pollMs;
    try {
      while (this.#watched.size > 0) {
        await this.#means.wait(Math.max(TICK_MS, this.#watched.size * TICK_PER_JOB_MS));
        if (this.#means.now() >= this.#nextPollMs) await this.#poll();
        for (const watched of [...this.#watched.values()]) this.#look(watched);
      }
    } catch (error) {
      for (const { end } of this.#watched.values()) end.reject(error);
      this.#watched.clear();
    }
    this.#looping = false;
  }

  /** Looks at what the job has left in its folder, and whether that is all. */
  #look(watched: Watched): void {
    for (const event of watched.folder.newEvents()) watched.onEvent(event);
    const result = watched.folder.result(watched.id);
    const { row, endedAtMs } = watched;
    const isKnown = watched.isStopping || endedAtMs !== undefined;
    if (result !== undefined && (isKnown || isFinal(result))) {
      return this.#end(watched, { result, ...(row ? { row } : {}) });
    }
    // Slurm knows why it crashed or was stopped, and whether it will start again.
    if (result !== undefined) return this.#askSoon();
    if (endedAtMs === undefined) return;
    const isLikely = row === undefined || row.state === "COMPLETED";
    const patienceMs = watched.isStopping
      ? 0
      : isLikely
      ? PATIENCE_MS.expected
      : PATIENCE_MS.unlikely;
    if (this.#means.now() - endedAtMs >= patienceMs) this.#end(watched, row ? { row } : {});
  }

  #end(watched: Watched, end: JobEnd): void {
    this.#watched.delete(watched.id);
    watched.end.resolve(end);
  }

  /** The answer to the next question may take longer while nothing changes. */
  async #poll(): Promise<void> {
    const asked = [...this.#watched.values()];
    const before = asked.map(({ row, endedAtMs }) => `${row?.state} ${endedAtMs}`).join();
    try {
      await this.#update(asked);
      this.#silences = 0;
    } catch (error) {
      // The controller may be restarting: jobs go on without it.
      if (!(error instanceof SlurmSilence)) throw error;
      if (++this.#silences === 2) asked[0]?.onEvent({ type: "log", line: silenceText(error) });
    }
    const after = asked.map(({ row, endedAtMs }) => `${row?.state} ${endedAtMs}`).join();
    this.#pollMs = before === after
      ? Math.min(POLL_MS.longest, this.#pollMs * POLL_MS.growth)
      : POLL_MS.shortest;
    this.#nextPollMs = this.#means.now() + this.#pollMs;
  }

  async #update(asked: readonly Watched[]): Promise<void> {
    const rows = new Map((await this.#rows()).map((row) => [row.id, row]));
    const find = (id: string) => rows.get(id) ?? wholeArray(rows, id);
    const missing = asked.filter(({ id, endedAtMs }) => !find(id) && endedAtMs === undefined);
    for (const row of await this.#accounted(missing.map(({ id }) => id))) rows.set(row.id, row);
    for (const watched of asked) this.#note(watched, find(watched.id));
  }

  #note(watched: Watched, row: QueueRow | undefined): void {
    if (row !== undefined) watched.row = row;
    if (row !== undefined && phaseOf(row.state) !== "ended") {
      delete watched.endedAtMs;
      return tellQueue(watched, row);
    }
    watched.endedAtMs ??= this.#means.now();
  }

  #recentRows(): Promise<readonly QueueRow[]> {
    const atMs = this.#means.now();
    if (this.#snapshot === undefined || atMs - this.#snapshot.atMs >= POLL_MS.shortest) {
      this.#snapshot = { atMs, rows: this.#rows() };
    }
    return this.#snapshot.rows;
  }

  async #rows(): Promise<readonly QueueRow[]> {
    const { code, stdout, stderr } = await this.#means.run("squeue", queueArguments);
    if (code === 0) return parseRows(stdout);
    throw new SlurmSilence(stderr);
  }

  /** What accounting knows of jobs; nothing where there is no accounting. */
  async #accounted(ids: readonly string[]): Promise<readonly QueueRow[]> {
    if (ids.length === 0) return [];
    try {
      const { code, stdout } = await this.#means.run("sacct", accountingArguments(ids));
      return code === 0 ? parseRows(stdout) : [];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }
}

/** Slurm gives no answer at the moment. */
class SlurmSilence extends Error {
  override name = "SlurmSilence";
}

/** What is said once while Slurm is silent. */
function silenceText({ message }: SlurmSilence): string {
  return `squeue does not answer (${complaint(message)}); asking again`;
}

/** Elements that were cancelled while they waited have one row together, that of the array. */
function wholeArray(rows: ReadonlyMap<string, QueueRow>, id: string): QueueRow | undefined {
  const row = rows.get(id.split("_")[0]!);
  return row !== undefined && phaseOf(row.state) === "ended" ? row : undefined;
}

/** A stage's own word on how it went; all else Slurm may know better. */
export function isFinal(result: JobResult): boolean {
  return result.ok || result.reason === "error" || result.reason === "timeout";
}

function tellQueue(watched: Watched, row: QueueRow): void {
  const phase = phaseOf(row.state) as QueueState["phase"];
  const advice = phase === "waits" ? adviceOnReason(row.reason) : undefined;
  const { told } = watched;
  const isNews = told.phase !== phase || told.advice !== advice ||
    (phase === "waits" && told.reason === undefined && row.reason !== "");
  if (!isNews) return;
  watched.told = {
    id: watched.id,
    phase,
    ...(phase === "waits" && row.reason ? { reason: row.reason } : {}),
    ...(phase === "runs" && row.nodes ? { node: row.nodes } : {}),
    ...(advice === undefined ? {} : { advice }),
  };
  watched.onEvent({ type: "queue", queue: watched.told });
}
