/** From a YAML text to a plan and a run, with stages that only have a form. @module */
import { z } from "zod";
import { renderDiagnostics } from "../../lib/diagnostic/render.ts";
import type { RunEvent } from "../../lib/pipeline/contract/event.ts";
import { parsePipeline } from "../../lib/pipeline/read/parse.ts";
import { planPipeline } from "../../lib/pipeline/plan/expand.ts";
import type { Plan, StageLookup } from "../../lib/pipeline/plan/plan.ts";
import type { SourceResolver } from "../../lib/pipeline/plan/resolve.ts";
import type { RunOptions, RunSummary } from "../../lib/pipeline/run/run.ts";
import { runTasks } from "../../lib/pipeline/run/run_plan.ts";
import { defineStage } from "../../lib/pipeline/contract/stage.ts";
import { memoryDigests, MemoryStore } from "./memory_store.ts";
import { PuppetExecutor } from "./puppet.ts";

/** A stage type that takes anything and gives `value`. */
export function anyStage(name: string) {
  return defineStage({
    name,
    description: "Takes anything.",
    with: z.record(z.string(), z.unknown()),
    outputs: { value: "json" },
    run: () => Promise.resolve(),
  });
}

/** Stage types `step` and `other`, both of which take anything. */
export const rigStages: StageLookup = {
  names: ["step", "other"],
  get: (name) =>
    name === "step" || name === "other"
      ? { stage: anyStage(name), module: `file:///stages/${name}.ts` }
      : undefined,
};

/** Plans a text. @throws {SyntaxError} with the messages if it has mistakes. */
export async function planText(
  text: string,
  options: { set?: string[]; stages?: StageLookup } = {},
): Promise<Plan> {
  const parsed = await parsePipeline(text, { path: "rig.yaml", set: options.set ?? [] });
  const planned = parsed.ok
    ? await planPipeline(parsed.value, options.stages ?? rigStages)
    : parsed;
  if (planned.ok) return planned.value;
  throw new SyntaxError(renderDiagnostics(planned.error, { source: () => text }));
}

/** Names stand for themselves. */
export const rigResolver: SourceResolver = {
  open: (_kind, name) => Promise.resolve({ name, digest: `digest of ${name}`, path: `/${name}` }),
  nameModel: (_artifact, reference) => reference,
};

/** A run in the hands of a test. */
export interface RigRun {
  readonly events: readonly RunEvent[];
  readonly executor: PuppetExecutor;
  readonly summary: Promise<RunSummary>;
}

/** Starts a plan in memory. */
export function startRig(plan: Plan, options: Partial<RunOptions> = {}): RigRun {
  const events: RunEvent[] = [];
  const executor = (options.executor ?? new PuppetExecutor()) as PuppetExecutor;
  const full: RunOptions = {
    store: new MemoryStore(),
    digests: memoryDigests(),
    resolver: rigResolver,
    wait: () => Promise.resolve(),
    now: () => 0,
    capacity: { cpu: 4, gpu: 0 },
    ...options,
    executor,
  };
  return { events, executor, summary: runTasks(plan, full, (event) => events.push(event)) };
}

/** A run whose jobs all succeed at once, but for those named. */
export function finishRig(
  plan: Plan,
  options: Partial<RunOptions> & { failing?: (task: string) => boolean } = {},
): RigRun {
  const executor = new PuppetExecutor((puppet) =>
    options.failing?.(puppet.job.task) ? puppet.fail() : puppet.succeed()
  );
  return startRig(plan, { ...options, executor });
}
