/**
 * Trains a prompt on models and data: builds the graph and its inputs, then runs the trainer.
 *
 * @module
 */
import { parameterRates } from "../prompts/prompt_parameters.ts";
import { memoryBudget } from "../runtime/memory_budget.ts";
import { resolveProvider } from "../runtime/session.ts";
import { zeros } from "../tensor/tensor.ts";
import { waitLine } from "../vision/read_ahead.ts";
import { stepsPerEpoch } from "./batches.ts";
import { project } from "./bounds/bound_table.ts";
import { openCompared } from "./compared_features.ts";
import {
  firstPlan,
  isSamePlan,
  type MemoryPlan,
  partsOf,
  type PlanChoices,
  planText,
  planWithin,
  smallerPlan,
  usefulValues,
  whyNotAsked,
} from "./memory_plan.ts";
import { optimizerRule } from "./optimizer.ts";
import { ImagesAhead, orderOf } from "./images_ahead.ts";
import { dividesBatch, type PreparedPrompt, preparePrompt } from "./prepare_prompt.ts";
import { promptFeeds, textFeeds } from "./prompt_feeds.ts";
import type { PromptTraining } from "./prompt_training.ts";
import { rateBySteps } from "./schedule.ts";
import { searchOf } from "./searches/search_table.ts";
import { costLine, flopsOfRun, StepClock, type StepCost } from "./step_cost.ts";
import { memoryLine, stepMemory } from "./step_memory.ts";
import {
  orOutOfMemory,
  OutOfMemory,
  savedState,
  startOf,
  train,
  type Training,
  type TrainingHost,
} from "./trainer.ts";
import { type SavedCourse, savedCourse, type TrainingState } from "./training_state.ts";

/** The state after the last step. */
export interface TrainedPrompt extends TrainingState {
  /** What a step cost; that of clean features, computed once, is not in its operations. */
  readonly cost: StepCost;
}

/**
 * Operations of a step by the first plan, from the sizes of its first batch: they do not depend on the
 * machine, whose memory may ask for another plan.
 */
function flopsOfStep(training: PromptTraining, prepared: PreparedPrompt) {
  const { optimizer, spsa, batch, canvas, copies } = training.settings;
  const { microBatch } = prepared.plan;
  const images = zeros("float32", [microBatch, 3, canvas, canvas]);
  const rows = orderOf(training)(0);
  const feeds = { images, ...textFeeds(prepared, rows.slice(0, microBatch), rows) };
  const { flops, uncounted } = flopsOfRun(prepared.graph.model, feeds);
  const isEstimated = optimizerRule(optimizer).gradient === "spsa";
  const runs = isEstimated ? 2 * spsa.samples : gradientsOf(training);
  return { flops: flops * runs * copies * partsOf(batch, microBatch).length, uncounted };
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
  const saved = await savedCourseOf(host);
  await using ahead = new ImagesAhead(training, saved?.step);
  const divides = dividesBatch(training);
  const { cost, ...first } = await prepareWithin(training, { divides, saved }, host);
  let { prepared, from } = first;
  const { batch } = training.settings;
  const clock = new StepClock(() => performance.now());
  while (true) {
    try {
      return await trainPrepared(training, { prepared, cost, ahead, clock, from }, host);
    } catch (error) {
      const isShort = error instanceof OutOfMemory;
      const plan = isShort ? smallerPlan(prepared.plan, { batch, divides }) : undefined;
      if (plan === undefined) throw error;
      from = (error as OutOfMemory).state ?? from;
      host.log?.(`out of memory: goes on with ${planText(plan, batch)}`);
      prepared = await preparePrompt(training, plan, host);
    }
  }
}

async function savedCourseOf({ checkpoint }: TrainingHost): Promise<SavedCourse | undefined> {
  let course: SavedCourse | undefined;
  // It is not taken yet, and so the host is told of none.
  await checkpoint?.load((bytes) => void (course = savedCourse(bytes)));
  return course;
}

/** A graph, what a step costs by the first plan, and where the training begins. */
interface FittingPrompt {
  readonly prepared: PreparedPrompt;
  readonly cost: Pick<StepCost, "flops" | "uncounted">;
  readonly from: TrainingState;
}

/**
 * The graph of the plan of a saved state, which rounds as the steps before it did, or of the first plan
 * where there is none; of a smaller one where that does not fit the memory.
 */
async function prepareWithin(
  training: PromptTraining,
  { divides, saved }: { readonly divides: boolean; readonly saved: SavedCourse | undefined },
  host: TrainingHost,
): Promise<FittingPrompt> {
  const { settings: { batch }, microBatch = "auto" } = training;
  const choices = { batch, microBatch, divides };
  const first = firstPlan(choices);
  const unasked = whyNotAsked(choices, first);
  if (unasked !== undefined) host.log?.(unasked);
  const asked = await preparePrompt(training, first, host);
  const cost = flopsOfStep(training, asked);
  const changed = async (prepared: PreparedPrompt, plan: MemoryPlan) =>
    isSamePlan(plan, prepared.plan) ? prepared : await preparePrompt(training, plan, host);
  const { plan: was = first } = saved ?? {};
  const begun = was.microBatch <= batch ? await changed(asked, was) : asked;
  const state = await savedState(trainingWith(training, begun), host);
  const going = state === undefined ? asked : begun;
  // A saved training goes on as it began unless that does not fit, because other parts round differently.
  const values = state === undefined ? usefulValues : Infinity;
  const plan = await fittingPlan(going, { ...choices, values }, host);
  const prepared = await changed(going, plan);
  return { cost, prepared, from: state ?? startOf(trainingWith(training, prepared)) };
}

/** The plan that fits the memory, which is not known beforehand but on processors. */
async function fittingPlan(
  { plan: first, graph }: PreparedPrompt,
  { batch, microBatch, divides, values }: PlanChoices & { readonly values: number },
  host: TrainingHost,
): Promise<MemoryPlan> {
  const memory = stepMemory(graph.model);
  host.log?.(memoryLine(memory, first.microBatch));
  const isLimited = microBatch === "auto" &&
    await resolveProvider(host.provider ?? "cpu") === "cpu";
  if (!isLimited) return first;
  const budget = memoryBudget(host.memory, host.sideBySide);
  const plan = planWithin(first, memory, { budget, values, batch, divides });
  if (plan !== first) host.log?.(`computes ${planText(plan, batch)}, to spare memory`);
  return plan;
}

/** Trains with one graph. */
async function trainPrepared(
  training: PromptTraining,
  { prepared, cost, ahead, clock, from }: FittingPrompt & {
    readonly ahead: ImagesAhead;
    readonly clock: StepClock;
  },
  host: TrainingHost,
): Promise<TrainedPrompt> {
  const { graph, plan } = prepared;
  const { views, layerDrop, batch } = training.settings;
  const repeats = views.length === 0 && layerDrop === 0;
  await using compared = await orOutOfMemory(from, () => openCompared(graph, { host, repeats }));
  const feeds = promptFeeds(training, { prepared, ahead, compared });
  const start = performance.now();
  host.onPlan?.(planText(plan, batch));
  const state = await train(
    {
      ...trainingWith(training, prepared),
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

/** A training with a graph, but for what each of its steps is fed. */
function trainingWith(training: PromptTraining, prepared: PreparedPrompt) {
  const { graph, places, initial, plan } = prepared;
  const { batch, copies } = training.settings;
  const parts = partsOf(batch, plan.microBatch).map(({ images }) => images);
  const runs = Array.from({ length: copies }, () => parts).flat();
  return { ...{ graph, places, initial, plan, runs }, ...courseOf(training) };
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
