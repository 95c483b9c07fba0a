/** Runs of a pipeline that are killed again and again, and what was lost by it. @module */
import { fromFileUrl, join } from "@std/path";
import { verifyStore } from "../../lib/cache/local/verify.ts";
import { Random } from "../../lib/tensor/random.ts";
import { pathsIn } from "../cache/rig.ts";

/** What the last of the runs said. */
export interface RunReport {
  readonly outcome: string;
  readonly cached: number;
  readonly ran: number;
  /** Digests of each task's outputs. */
  readonly outputs: Readonly<Record<string, readonly string[]>>;
  readonly warnings: readonly string[];
}

/** A step that a stage noted. */
interface Step {
  readonly run: number;
  /** Number of the store: a run that came to its end is followed by one on an empty store. */
  readonly life: number;
  readonly task: string;
  readonly step: number;
  readonly atMs: number;
}

/** What became of a store through all the kills; steps are those of the runs that were killed. */
export interface KillReport {
  readonly kills: number;
  readonly final: RunReport;
  readonly reference: RunReport;
  /** Longest time of one task's work that one kill undid, less the longest step of that task and run. */
  readonly worstLostMs: number;
  readonly stepsRun: number;
  readonly stepsNeeded: number;
  /** What is in the store that should not be there. */
  readonly leftovers: readonly string[];
}

/** How often and when to kill. */
export interface KillOptions {
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  readonly intervalMs: number;
}

interface Running {
  readonly process: Deno.ChildProcess;
  readonly report: Promise<RunReport | undefined>;
}

/** How a run is started. */
export interface StartOptions {
  /** File that the steps are noted in. */
  readonly log: string;
  readonly intervalMs: number;
  /** Folder to run in, and what to set there. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a run on a store; its report is `undefined` if it did not come to an end. */
export function startRun(store: string, options: StartOptions): Running {
  const script = fromFileUrl(new URL("./kills/run.ts", import.meta.url));
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, store, `${options.intervalMs}`],
    env: { TVP_KILLS_LOG: options.log, NO_COLOR: "1", ...options.env },
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const report = process.output().then(({ stdout }) => {
    const text = new TextDecoder().decode(stdout);
    return text === "" ? undefined : JSON.parse(text) as RunReport;
  });
  return { process, report };
}

/**
 * Runs a pipeline undisturbed, then on another store, where it is killed at random times before it
 * would end; the last run there comes to its end.
 */
export async function killRuns(options: KillOptions): Promise<KillReport> {
  const { folder, kills, intervalMs } = options;
  const random = new Random(options.seed);
  const startMs = performance.now();
  const reference = await finish(join(folder, "calm"), join(folder, "log-calm"), intervalMs);
  const longestMs = performance.now() - startMs;
  const store = join(folder, "killed");
  const steps: Step[] = [];
  for (let [run, life, killed] = [0, 0, 0]; killed < kills; run += 1) {
    const log = join(folder, `log-${run}`);
    const { process, report } = startRun(store, { log, intervalMs });
    if (await killAfter(process, random.uniform() * longestMs)) killed += 1;
    const isDone = await report !== undefined;
    steps.push(...readSteps(log, { run, life }));
    if (!isDone) continue;
    life += 1;
    if (killed < kills) Deno.removeSync(store, { recursive: true });
  }
  const final = await finish(store, join(folder, "log-last"), intervalMs);
  return {
    kills,
    final,
    reference,
    worstLostMs: worstLoss(steps),
    stepsRun: steps.length,
    stepsNeeded: readSteps(join(folder, "log-calm"), { run: 0, life: 0 }).length,
    leftovers: await leftoversOf(store),
  };
}

/** Whether the process was still there to be killed. */
async function killAfter(process: Deno.ChildProcess, ms: number): Promise<boolean> {
  const ended = process.status.then(() => true);
  const timer = Promise.withResolvers<boolean>();
  const id = setTimeout(() => timer.resolve(false), ms);
  const isOver = await Promise.race([ended, timer.promise]);
  clearTimeout(id);
  return !isOver && kill(process);
}

/** Whether it was still running: it may end just before. */
function kill(process: Deno.ChildProcess): boolean {
  try {
    process.kill("SIGKILL");
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

async function finish(store: string, log: string, intervalMs: number): Promise<RunReport> {
  const report = await startRun(store, { log, intervalMs }).report;
  if (report === undefined) throw new RangeError(`Cannot finish the run on "${store}": it crashed`);
  return report;
}

function readSteps(path: string, of: { run: number; life: number }): readonly Step[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const [task = "", step, atMs] = line.split(" ");
    return { ...of, task, step: Number(step), atMs: Number(atMs) };
  });
}

/** Work is lost where a run does a step again that an earlier one had done. */
function worstLoss(steps: readonly Step[]): number {
  const losses = [0];
  for (const group of Map.groupBy(steps, ({ task, life }) => `${life} ${task}`).values()) {
    const runs = [...Map.groupBy(group, ({ run }) => run).values()];
    for (const [i, later] of runs.entries()) {
      const earlier = i === 0 ? undefined : runs[i - 1];
      if (earlier !== undefined) losses.push(lossBetween(earlier, later[0]?.step ?? Infinity));
    }
  }
  return Math.max(...losses);
}

function lossBetween(earlier: readonly Step[], resumedAt: number): number {
  const lost = earlier.findIndex(({ step }) => step >= resumedAt);
  const [first, last] = [earlier[Math.max(0, lost)], earlier.at(-1)];
  if (lost === -1 || first === undefined || last === undefined) return 0;
  const gaps = earlier.slice(1).map(({ atMs }, i) => atMs - (earlier[i]?.atMs ?? atMs));
  return Math.max(0, last.atMs - first.atMs - Math.max(0, ...gaps));
}

/** Damaged, missing and unfinished things of a store that nobody uses. */
async function leftoversOf(store: string): Promise<readonly string[]> {
  const { damaged, missing, manifests } = await verifyStore(store);
  const problems = [...damaged, ...missing].map(({ digest }) => digest as string);
  // An empty lock file may stay until the next run that has something to do.
  const litter = ["work", "checkpoints"].flatMap((name) =>
    pathsIn(join(store, name)).map((path) => `${name}/${path}`)
  );
  const temporary = pathsIn(store).filter((path) => path.endsWith(".tmp"));
  return [...problems, ...manifests, ...litter, ...temporary];
}
