/**
 * Trains a prompt on models and data: builds the graph and its inputs, then runs the trainer.
 *
 * @module
 */
import { parameterRates } from "../prompts/prompt_parameters.ts";
import { resolveProvider } from "../runtime/session.ts";
import { zeros } from "../tensor/tensor.ts";
import { waitLine } from "../vision/read_ahead.ts";
import { stepsPerEpoch } from "./batches.ts";
import { project } from "./bounds/bound_table.ts";
import { openCompared } from "./compared_features.ts";
import { memoryBudget } from "./memory_budget.ts";
import { firstPlan, type MemoryPlan, planText, planWithin, smallerPlan } from "./memory_plan.ts";
import { optimizerRule } from "./optimizer.ts";
import { ImagesAhead, orderOf } from "./images_ahead.ts";
import { dividesBatch, type PreparedPrompt, preparePrompt } from "./prepare_prompt.ts";
import { promptFeeds, textFeeds } from "./prompt_feeds.ts";
import type { PromptTraining } from "./prompt_training.ts";
import { rateBySteps } from "./schedule.ts";
import { searchOf } from "./searches/search_table.ts";
import { costLine, flopsOfRun, StepClock, type StepCost } from "./step_cost.ts";
import { memoryLine, stepMemory } from "./step_memory.ts";
import { orOutOfMemory, OutOfMemory, train, type Training, type TrainingHost } from "./trainer.ts";
import { savedPlan, type TrainingState } from "./training_state.ts";

/** The state after the last step. */
export interface TrainedPrompt extends TrainingState {
  /** What a step cost; that of clean features, computed once, is not in its operations. */
  readonly cost: StepCost;
}

/** Operations of a step, from the sizes of its first batch: they do not depend on the machine. */
function flopsOfStep(training: PromptTraining, prepared: PreparedPrompt) {
  const { optimizer, spsa, batch, canvas, copies } = training.settings;
  const { microBatch } = prepared.plan;
  const images = zeros("float32", [microBatch, 3, canvas, canvas]);
  const rows = orderOf(training)(0);
  const feeds = { images, ...textFeeds(prepared, rows.slice(0, microBatch), rows) };
  const { flops, uncounted } = flopsOfRun(prepared.graph.model, feeds);
  const isEstimated = optimizerRule(optimizer).gradient === "spsa";
  const runs = isEstimated ? 2 * spsa.samples : gradientsOf(training);
  return { flops: flops * runs * copies * (batch / microBatch), uncounted };
}

/** How often a step asks for a gradient. */
function gradientsOf({ settings: { search, around }, sources }: PromptTraining): number {
  return searchOf(search).gradients({ ...around, sources: sources.length });
}

/**
 * Trains a prompt. Interrupted, it saves its state and throws the signal's reason; started again
 * with the same settings, provider, runtime and threads it ends with the same bits. A step that does
 * not fit the memory is computed in parts of its batch, which changes the update by rounding only.
 *
 * @throws {DiagnosticError} If a model is incomplete or cannot be differentiated.
 * @throws {RangeError} If the loss asks CLIP and none is given, or a gradient is not finite.
 */
export async function optimizePrompt(
  training: PromptTraining,
  host: TrainingHost = {},
): Promise<TrainedPrompt> {
  await using ahead = new ImagesAhead(training);
  const divides = dividesBatch(training);
  let prepared = await prepareWithin(training, divides, host);
  let from: TrainingState | undefined;
  const clock = new StepClock(() => performance.now());
  while (true) {
    try {
      return await trainPrepared(training, { prepared, ahead, clock, from }, host);
    } catch (error) {
      const plan = error instanceof OutOfMemory ? smallerPlan(prepared.plan, divides) : undefined;
      if (plan === undefined) throw error;
      from = (error as OutOfMemory).state ?? from;
      host.log?.(`out of memory: goes on with ${planText(plan, training.settings.batch)}`);
      prepared = await preparePrompt(training, plan, host);
    }
  }
}

/** The graph of the plan that a saved state goes on with, or else of the one that fits the memory. */
async function prepareWithin(
  training: PromptTraining,
  divides: boolean,
  host: TrainingHost,
): Promise<PreparedPrompt> {
  const { settings: { batch }, microBatch = "auto" } = training;
  let plan: MemoryPlan | undefined;
  await host.checkpoint?.load((bytes) => void (plan = savedPlan(bytes)));
  if (plan !== undefined && batch % plan.microBatch === 0) {
    return await preparePrompt(training, plan, host);
  }
  const first = firstPlan({ batch, microBatch, divides });
  const prepared = await preparePrompt(training, first, host);
  const memory = stepMemory(prepared.graph.model);
  host.log?.(memoryLine(memory, first.microBatch));
  const isLimited = microBatch === "auto" &&
    await resolveProvider(host.provider ?? "cpu") === "cpu";
  const budget = isLimited ? memoryBudget(host.memory) : undefined;
  const fitting = planWithin(first, memory, { budget, divides });
  if (fitting === first) return prepared;
  host.log?.(`computes ${planText(fitting, batch)}, to fit the memory`);
  return await preparePrompt(training, fitting, host);
}

/** Trains with one graph. */
async function trainPrepared(
  training: PromptTraining,
  { prepared, ahead, clock, from }: {
    readonly prepared: PreparedPrompt;
    readonly ahead: ImagesAhead;
    readonly clock: StepClock;
    readonly from: TrainingState | undefined;
  },
  host: TrainingHost,
): Promise<TrainedPrompt> {
  const { graph, places, initial, plan } = prepared;
  const { views, layerDrop, batch, copies } = training.settings;
  const repeats = views.length === 0 && layerDrop === 0;
  await using compared = await orOutOfMemory(from, () => openCompared(graph, { host, repeats }));
  const feeds = promptFeeds(training, { prepared, ahead, compared });
  const cost = flopsOfStep(training, prepared);
  const start = performance.now();
  const state = await train(
    {
      ...{ graph, places, initial, plan },
      ...courseOf(training),
      copies: copies * (batch / plan.microBatch),
      feeds: (step, run) => {
        // What has passed since the last step, such as the saving of a checkpoint, belongs to none.
        if (run === 0) clock.skip();
        return feeds(step, run);
      },
    },
    {
      ...host,
      onStep: (step, metrics) => {
        clock.tick();
        host.onStep?.(step, metrics);
      },
    },
    from,
  );
  const spent = { ...cost, ms: clock.median(), resident: Deno.memoryUsage().rss };
  host.log?.(costLine(spent));
  host.log?.(waitLine(ahead.waitedMs, performance.now() - start));
  return { ...state, cost: spent };
}

/** By which rule, how fast and how long a prompt is trained. */
function courseOf({ settings, data, sources }: PromptTraining) {
  const { kind, optimizer, schedule, lr, steps, batch, seed, spsa, transformRate } = settings;
  const perEpoch = stepsPerEpoch({ rows: data.rows.length, batch });
  const rates = parameterRates(kind, settings, transformRate);
  const { search, around, bound } = settings;
  const end = 3 * settings.canvas ** 2;
  return {
    steps,
    rule: optimizerRule(optimizer),
    spsa: { ...spsa, seed },
    rates,
    ...(search === "plain"
      ? {}
      : { search: { rule: searchOf(search), ...around, seed, sources: sources.length } }),
    project: (values) =>
      project({ delta: values.subarray(0, end), rates: rates.subarray(0, end) }, bound),
    lr: rateBySteps(schedule, { lr, steps, perEpoch }),
  } satisfies Partial<Training>;
}
