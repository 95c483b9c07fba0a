/** What a run would do, without doing it. @module */
import type { Plan, Task } from "./plan.ts";
import { type ResolvedTask, resolveTask, type SourceResolver } from "./resolve.ts";
import type { ArtifactStore, ContentDigests, StoreHit } from "./store.ts";

/** What would become of a task: `depends` where it needs a task that would run. */
export interface TaskPreview {
  readonly task: Task;
  readonly state: "cached" | "run" | "depends";
  readonly resolved?: ResolvedTask;
  readonly hit?: StoreHit;
}

/** What a preview looks at. */
export interface PreviewOptions {
  readonly store: ArtifactStore;
  readonly digests: ContentDigests;
  readonly resolver: SourceResolver;
  readonly selected?: ReadonlySet<number>;
  readonly force?: (task: Task) => boolean;
  /** With `--strict-provider`. */
  readonly provider?: string;
}

/** Looks up all tasks of a plan, in the order of the plan. */
export async function previewPlan(plan: Plan, options: PreviewOptions): Promise<TaskPreview[]> {
  const { store, digests, resolver, provider } = options;
  const found = new Map<number, TaskPreview>();
  for (const task of plan.tasks) {
    if (options.selected && !options.selected.has(task.index)) continue;
    const blocked = task.needs.some((need) => found.get(need)?.state !== "cached");
    if (blocked) {
      found.set(task.index, { task, state: "depends" });
      continue;
    }
    const resolved = await resolveTask(task, {
      resolver,
      outputsOf: (need) => found.get(need)!.hit!.outputs,
      codeOf: (module) => digests.code(new URL(module)),
      ...(provider === undefined ? {} : { provider }),
    });
    const hit = options.force?.(task) ? undefined : await store.get(resolved.key);
    found.set(
      task.index,
      hit ? { task, state: "cached", resolved, hit } : { task, state: "run", resolved },
    );
  }
  return [...found.values()];
}
