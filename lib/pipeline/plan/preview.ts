/** Says what a run would do, without doing it. @module */
import type { Plan, Task } from "./plan.ts";
import { outputsOf, type ResolvedTask, resolveTask, type SourceResolver } from "./resolve.ts";
import {
  type ArtifactStore,
  type ContentDigests,
  type StoreHit,
  wholeHit,
} from "../contract/store.ts";

/** What would become of a task: `depends` where it needs a task that would run. */
export interface TaskPreview {
  readonly task: Task;
  readonly state: "cached" | "run" | "depends";
  readonly resolved?: ResolvedTask;
  readonly hit?: StoreHit;
}

/** What a preview needs. */
export interface PreviewOptions {
  readonly store: Pick<ArtifactStore, "get">;
  readonly digests: ContentDigests;
  readonly resolver: SourceResolver;
  readonly selected?: ReadonlySet<number>;
  readonly force?: (task: Task) => boolean;
  /** With `--strict-provider`. */
  readonly provider?: string;
}

/**
 * Looks up all tasks of a plan, many at once where the store is slow; gives them in its order.
 *
 * @example
 * ```ts
 * import {
 *   contentDigests,
 *   DiagnosticError,
 *   loadStages,
 *   localStore,
 *   parsePipeline,
 *   planPipeline,
 *   previewPlan,
 *   type SourceResolver,
 * } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const parsed = await parsePipeline("name: demo\nstages: { a: { uses: noop } }\n", {
 *   path: "demo.yaml",
 * });
 * if (!parsed.ok) throw new DiagnosticError(parsed.error);
 * const folder = new URL(`file://${Deno.cwd()}/stages/`);
 * const planned = await planPipeline(parsed.value, await loadStages(parsed.value, [folder]));
 * if (!planned.ok) throw new DiagnosticError(planned.error);
 * // Nothing in this pipeline is a model, a data set or a file.
 * const resolver: SourceResolver = {
 *   open: (_kind, name) => Promise.reject(new RangeError(`no source ${name}`)),
 *   nameModel: (_artifact, reference) => reference,
 * };
 * const cache = await Deno.makeTempDir();
 * {
 *   await using store = localStore(cache);
 *   await using digests = contentDigests();
 *   const [preview] = await previewPlan(planned.value, { store, digests, resolver });
 *   assertEquals(preview?.state, "run");
 * }
 * await Deno.remove(cache, { recursive: true });
 * ```
 */
export async function previewPlan(plan: Plan, options: PreviewOptions): Promise<TaskPreview[]> {
  const found = new Map<number, Promise<TaskPreview>>();
  for (const task of plan.tasks) {
    if (options.selected && !options.selected.has(task.index)) continue;
    const needs = task.needs.map((need) => [need, found.get(need)] as const);
    found.set(task.index, previewTask(task, needs, { ...options, hidden: plan.hidden }));
  }
  return await Promise.all(found.values());
}

async function previewTask(
  task: Task,
  needs: readonly (readonly [number, Promise<TaskPreview> | undefined])[],
  { store, digests, resolver, provider, force, hidden }: PreviewOptions & Pick<Plan, "hidden">,
): Promise<TaskPreview> {
  const hits = new Map<number, StoreHit>();
  for (const [need, preview] of needs) {
    const { hit } = await preview ?? {};
    if (hit === undefined) return { task, state: "depends" };
    hits.set(need, hit);
  }
  const resolved = await resolveTask(task, {
    resolver,
    outputsOf: (need) => outputsOf(hits.get(need)!),
    codeOf: (module) => digests.code(new URL(module)),
    hidden,
    ...(provider === undefined ? {} : { provider }),
  });
  const hit = force?.(task) ? undefined : wholeHit(await store.get(resolved.key), task);
  return hit ? { task, state: "cached", resolved, hit } : { task, state: "run", resolved };
}
