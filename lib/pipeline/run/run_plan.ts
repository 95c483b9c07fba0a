/** Runs the tasks of a plan, for programs: with its events as a stream, or its result as a value. @module */
import type { RunEvent } from "../contract/event.ts";
import type { Plan } from "../plan/plan.ts";
import type { RunOptions, RunSummary } from "./run.ts";
import { Scheduler } from "./schedule.ts";

/**
 * Runs a plan and yields its events; see `runTasks` for the result as a value. To leave the loop
 * before the last event aborts the run and waits for its end.
 *
 * @example
 * ```ts
 * import {
 *   contentDigests,
 *   DiagnosticError,
 *   loadStages,
 *   localExecutor,
 *   localStore,
 *   parsePipeline,
 *   planPipeline,
 *   runPlan,
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
 * const types: string[] = [];
 * {
 *   await using store = localStore(cache);
 *   await using executor = localExecutor();
 *   await using digests = contentDigests();
 *   const options = { store, executor, digests, resolver };
 *   for await (const event of runPlan(planned.value, options)) types.push(event.type);
 * }
 * assertEquals(types, ["run-started", "task-started", "task-finished", "run-finished"]);
 * await Deno.remove(cache, { recursive: true });
 * ```
 */
export async function* runPlan(plan: Plan, options: RunOptions): AsyncGenerator<RunEvent> {
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, ...(options.signal ? [options.signal] : [])]);
  const events: RunEvent[] = [];
  let wake = Promise.withResolvers<void>();
  let done = false;
  const run = runTasks(plan, { ...options, signal }, (event) => {
    events.push(event);
    wake.resolve();
  }).finally(() => {
    done = true;
    wake.resolve();
  });
  run.catch(() => {});
  try {
    while (!done || events.length > 0) {
      yield* events.splice(0);
      if (done) continue;
      await wake.promise;
      wake = Promise.withResolvers();
    }
  } finally {
    left.abort(new DOMException("The events of the run are not read to their end", "AbortError"));
    await run.catch(() => {});
  }
  await run;
}

/**
 * Runs a plan.
 *
 * @throws what a store or a resolver throws: a failed stage is an outcome, a full disk is not.
 *
 * @example
 * ```ts
 * import {
 *   contentDigests,
 *   DiagnosticError,
 *   loadStages,
 *   localExecutor,
 *   localStore,
 *   parsePipeline,
 *   planPipeline,
 *   runTasks,
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
 *   await using executor = localExecutor();
 *   await using digests = contentDigests();
 *   const summary = await runTasks(planned.value, { store, executor, digests, resolver });
 *   assertEquals([summary.outcome, summary.ran], ["done", 1]);
 * }
 * await Deno.remove(cache, { recursive: true });
 * ```
 */
export function runTasks(
  plan: Plan,
  options: RunOptions,
  emit: (event: RunEvent) => void = () => {},
): Promise<RunSummary> {
  return new Scheduler(plan, options, emit).run();
}
