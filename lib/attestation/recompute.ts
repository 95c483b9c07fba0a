/** Computes tasks of a signed report again, in a store of its own. @module */
import { digestPath } from "../cache/digest/digest.ts";
import { localStore } from "../cache/local/store.ts";
import { dependentsOf, withNeeds } from "../pipeline/plan/graph.ts";
import type { Key } from "../pipeline/contract/key.ts";
import type { Plan } from "../pipeline/plan/plan.ts";
import type { RunOptions, TaskOutcome } from "../pipeline/run/run.ts";
import { runTasks } from "../pipeline/run/run_plan.ts";
import type { ArtifactStore, StoreHit } from "../pipeline/contract/store.ts";
import { claimedStore } from "./claimed_store.ts";
import { isUndecided, type TaskVerdict, verdictOf } from "./judge.ts";
import type { SignedTask } from "./statement.ts";

/** What recomputing needs. */
export interface RecomputeOptions extends Omit<RunOptions, "store" | "selected"> {
  readonly plan: Plan;
  /** By index in the plan. */
  readonly signed: ReadonlyMap<number, SignedTask>;
  /** Where inputs may be taken from, once their digests are checked. */
  readonly inputs: Pick<ArtifactStore, "get">;
  /** Folder of a store that holds nothing. */
  readonly folder: string;
  /** Largest difference of means that is called agreement. */
  readonly tolerance: number;
  readonly onProgress?: (done: number, all: number) => void;
  /** The task that wrote the report: computed too if all its inputs are here. */
  readonly report: number;
}

/** What came of it. */
export interface Recomputed {
  readonly verdicts: readonly TaskVerdict[];
  /** Tasks whose outputs were taken from elsewhere, by digest. */
  readonly given: number;
  readonly isInterrupted?: boolean;
}

/**
 * Computes the drawn tasks again. What they need is taken from `inputs` where that has it with the
 * signed digests, and computed again where not. A task whose bytes differ, and that has no scores to
 * compare, is judged by what needs it: that is computed too. So is the report, from the signed bytes
 * of all its inputs, if these are here.
 */
export async function recompute(
  drawn: readonly number[],
  options: RecomputeOptions,
): Promise<Recomputed> {
  await using own = localStore(options.folder);
  const { report } = options;
  const last = new Recomputation([], options);
  const isAtHand = await last.isAtHand(report);
  if (isAtHand && await last.run([report], own)) return interrupted;
  const work = new Recomputation(drawn, options);
  for (let open = drawn; open.length > 0; open = work.nextOf(await work.verdicts())) {
    if (await work.run(open, own)) return interrupted;
  }
  const [lone, verdicts] = [await last.verdicts(), await work.verdicts()];
  const others = verdicts.filter(({ index }) => !isAtHand || index !== report);
  return { verdicts: [...others, ...lone], given: new Set([...last.given, ...work.given]).size };
}

const interrupted: Recomputed = { verdicts: [], given: 0, isInterrupted: true };

class Recomputation {
  readonly #options: RecomputeOptions;
  readonly #drawn: ReadonlySet<number>;
  /** Tasks to compute. */
  readonly #again = new Set<number>();
  readonly #given = new Map<number, StoreHit>();
  readonly #dependents: readonly (readonly number[])[];
  #outcomes = new Map<number, TaskOutcome>();

  constructor(drawn: readonly number[], options: RecomputeOptions) {
    this.#options = options;
    this.#drawn = new Set(drawn);
    this.#dependents = dependentsOf(options.plan.tasks);
  }

  /** Adds tasks and runs all there are. Returns whether it was interrupted. */
  async run(tasks: readonly number[], own: ArtifactStore): Promise<boolean> {
    await this.#take(tasks);
    return await this.#runAll(own);
  }

  /** Adds tasks, and what they need that is available nowhere. */
  async #take(tasks: readonly number[]): Promise<void> {
    const { plan } = this.#options;
    for (const index of tasks) this.#again.add(index);
    const open = [...tasks];
    for (const index of open) {
      for (const need of plan.tasks[index]!.needs) {
        if (this.#again.has(need) || this.#given.has(need)) continue;
        const hit = await this.#lookUp(need);
        if (hit !== undefined) this.#given.set(need, hit);
        else {
          this.#again.add(need);
          open.push(need);
        }
      }
    }
  }

  /** Whether all that a task takes is there, as signed. */
  async isAtHand(index: number): Promise<boolean> {
    for (const need of this.#options.plan.tasks[index]!.needs) {
      if (await this.#lookUp(need) === undefined) return false;
    }
    return true;
  }

  /** A stored result whose bytes have the signed digests; every byte is read for it. */
  async #lookUp(index: number): Promise<StoreHit | undefined> {
    const { inputs, signed } = this.#options;
    const { key, outputs } = signed.get(index)!;
    const hit = await inputs.get(key);
    for (const [name, { digest }] of Object.entries(outputs)) {
      const path = hit?.outputs[name]?.path;
      if (path === undefined || await digestPath(path) !== digest) return undefined;
    }
    return hit;
  }

  async #runAll(own: ArtifactStore): Promise<boolean> {
    const { plan, signed, onProgress, ...run } = this.#options;
    const byKey = <T>(tasks: Iterable<readonly [number, T]>): [Key, T][] =>
      [...tasks].map(([index, value]) => [signed.get(index)!.key, value]);
    const taken = new Map(byKey(signed));
    // By key, as two tasks may have the same: while one is computed, the other is not taken from the store.
    for (const index of this.#again) taken.delete(signed.get(index)!.key);
    const store = claimedStore(own, { taken, given: new Map(byKey(this.#given)) });
    let done = 0;
    const summary = await runTasks(plan, {
      ...run,
      store,
      selected: withNeeds(plan.tasks, this.#again),
      failureMode: "continue",
    }, ({ type }) => {
      if (type === "task-finished") onProgress?.(++done, this.#again.size);
    });
    this.#outcomes = new Map(summary.outcomes.map((outcome) => [outcome.task.index, outcome]));
    return summary.outcome === "interrupted";
  }

  /** Tasks that are taken with their files. */
  get given(): Iterable<number> {
    return this.#given.keys();
  }

  /** What the tasks came to, in the order of the plan. */
  verdicts(): Promise<readonly TaskVerdict[]> {
    const { plan, signed, tolerance, report } = this.#options;
    const again = [...this.#again].sort((a, b) => a - b);
    return Promise.all(again.map((index) =>
      verdictOf(plan.tasks[index]!, {
        signed: signed.get(index)!,
        outcome: this.#outcomes.get(index),
        why: this.#drawn.has(index) ? "drawn" : index === report ? "report" : "needed",
        tolerance,
      })
    ));
  }

  /** Tasks by which those can be judged that nothing of their own decides: one for each. */
  nextOf(verdicts: readonly TaskVerdict[]): number[] {
    const open = verdicts.filter((verdict) => isUndecided(verdict, verdicts, this.#dependents));
    return [...new Set(open.flatMap(({ index }) => this.#nextOf(index) ?? []))];
  }

  #nextOf(index: number): number | undefined {
    const { signed } = this.#options;
    const next = this.#dependents[index]!.filter((each) => signed.has(each));
    if (next.some((each) => this.#again.has(each))) return undefined;
    return next.find((each) => hasScores(signed.get(each)!)) ?? next[0];
  }
}

function hasScores({ outputs }: SignedTask): boolean {
  return Object.values(outputs).some(({ mean }) => mean !== undefined);
}
