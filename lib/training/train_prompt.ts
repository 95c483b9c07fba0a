/** The loop that optimises a prompt. @module */
import { type ParameterPlace, parameterTensors } from "../prompts/prompt_parameters.ts";
import type { Session } from "../runtime/session.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type BatchOptions, batchOrder, type PickedRow, stepsPerEpoch } from "./batches.ts";
import { applyUpdate, type OptimizerName, optimizerRule, startOptimizer } from "./optimizer.ts";
import type { PromptState } from "./prompt_state.ts";
import { type ScheduleName, schedules } from "./schedule.ts";
import { estimateGradient, type Losses, type SpsaOptions } from "./spsa.ts";

/** Settings of a training. */
export interface TrainingOptions extends BatchOptions {
  /** Session on `StepGraph.training`. */
  readonly session: Session;
  /** What is trained, where it lies in the flat array of values. */
  readonly places: readonly ParameterPlace[];
  /** How fast each value is trained, 0 where it is not. */
  readonly rates: Float32Array;
  /** Values before training. */
  readonly initial: Float32Array;
  readonly optimizer: OptimizerName;
  readonly spsa: SpsaOptions;
  readonly schedule: ScheduleName;
  /** Base learning rate. */
  readonly lr: number;
  readonly steps: number;
  /** Everything but the prompt that the graph takes for a batch. */
  feeds(step: number, picks: readonly PickedRow[]): Promise<Record<string, Tensor>>;
  /** Where to go on; default: from the beginning. */
  readonly state?: PromptState;
  /** Called after every step: progress, checkpoints; may throw to stop. */
  afterStep(state: PromptState): void | Promise<void>;
}

/** A training that has not begun. */
export function startPrompt(optimizer: OptimizerName, initial: Float32Array): PromptState {
  return {
    values: initial.slice(),
    optimizer: startOptimizer(optimizer, initial.length),
    curve: [],
  };
}

const scalarOf = (value: Tensor | undefined) => Number(value?.data[0]);

type Gradient = Losses & { readonly grad: Float32Array };

/** Loss and terms; what else the graph gave are gradients. */
function lossesOf(outputs: Readonly<Record<string, Tensor>>): Losses {
  const { loss, ...others } = outputs;
  const terms = Object.entries(others).filter(([name]) => !name.startsWith("grad."));
  return {
    loss: scalarOf(loss),
    terms: Object.fromEntries(terms.map(([name, value]) => [name, scalarOf(value)])),
  };
}

/** Gradient of a batch's loss, by autodiff or by estimate. */
async function gradientOf(
  options: TrainingOptions,
  state: PromptState,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Gradient> {
  const { session, places, rates, spsa, seed } = options;
  const { step } = state.optimizer;
  const rule = optimizerRule(options.optimizer);
  const run = (values: Float32Array) =>
    session.run({ ...feeds, ...parameterTensors(places, values) });
  if (rule.gradient === "spsa") {
    const values = rule.lookAhead?.(state.values, state.optimizer) ?? state.values;
    const lossAt = async (values: Float32Array) => lossesOf(await run(values));
    return await estimateGradient(lossAt, { ...spsa, values, rates, step, seed });
  }
  const outputs = await run(state.values);
  const grad = new Float32Array(state.values.length);
  for (const { name, start } of places) {
    grad.set(outputs[`grad.${name}`]!.data as Float32Array, start);
  }
  return { grad, ...lossesOf(outputs) };
}

/**
 * Trains a prompt: for every batch the gradient of the loss, then one update. The learning rate
 * follows the schedule over T = ⌈steps / steps per epoch⌉ epochs and is constant inside each.
 *
 * @returns The last state; it is the same whether or not the training was interrupted.
 * @throws {RangeError} If a gradient is not finite.
 */
export async function trainPrompt(options: TrainingOptions): Promise<PromptState> {
  const { steps, rates, places } = options;
  const state = options.state ?? startPrompt(options.optimizer, options.initial);
  const batchOf = batchOrder(options);
  const perEpoch = stepsPerEpoch(options);
  const epochs = Math.ceil(steps / perEpoch);
  while (state.optimizer.step < steps) {
    const step = state.optimizer.step;
    const share = schedules[options.schedule](Math.floor(step / perEpoch), epochs);
    const lr = options.lr * share;
    const feeds = await options.feeds(step, batchOf(step));
    const { grad, loss, terms } = await gradientOf(options, state, feeds);
    applyUpdate(options.optimizer, {
      delta: state.values,
      grad,
      mask: rates,
      lr,
      state: state.optimizer,
      places,
    });
    state.curve.push({ step: step + 1, lr, loss, terms });
    await options.afterStep(state);
  }
  return state;
}
