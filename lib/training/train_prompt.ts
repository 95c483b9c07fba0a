/** The loop that optimises δ. @module */
import type { Session } from "../runtime/session.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { batchOrder, type Pick, stepsPerEpoch } from "./batches.ts";
import { applyUpdate, type OptimizerName, startOptimizer } from "./optimizer.ts";
import type { PromptState } from "./prompt_state.ts";
import { type ScheduleName, schedules } from "./schedule.ts";

/** Settings of a training. */
export interface TrainingOptions {
  /** Session on `StepGraph.training`. */
  readonly session: Session;
  readonly mask: Tensor<"float32">;
  readonly optimizer: OptimizerName;
  readonly schedule: ScheduleName;
  /** Base learning rate. */
  readonly lr: number;
  readonly steps: number;
  readonly rows: number;
  readonly batch: number;
  readonly seed: number;
  readonly flip: boolean;
  /** Everything but δ that the graph takes for a batch. */
  feeds(picks: readonly Pick[]): Promise<Record<string, Tensor>>;
  /** Where to go on; default: δ = 0. */
  readonly state?: PromptState;
  /** Called after every step: progress, checkpoints; may throw to stop. */
  afterStep(state: PromptState): void | Promise<void>;
}

/** A training that has not begun: δ = 0. */
export function startPrompt(optimizer: OptimizerName, size: number): PromptState {
  return {
    delta: new Float32Array(size),
    optimizer: startOptimizer(optimizer, size),
    curve: [],
  };
}

const scalarOf = (value: Tensor | undefined) => Number(value?.data[0]);

/**
 * Trains δ: for every batch the gradient of the loss, then one update. The learning rate follows
 * the schedule over T = ⌈steps / steps per epoch⌉ epochs and is constant inside each.
 *
 * @returns The last state; it is the same whether or not the training was interrupted.
 * @throws {RangeError} If a gradient is not finite.
 */
export async function trainPrompt(options: TrainingOptions): Promise<PromptState> {
  const { session, mask, steps } = options;
  const state = options.state ?? startPrompt(options.optimizer, mask.data.length);
  const batchOf = batchOrder(options);
  const perEpoch = stepsPerEpoch(options);
  const epochs = Math.ceil(steps / perEpoch);
  while (state.optimizer.step < steps) {
    const step = state.optimizer.step;
    const share = schedules[options.schedule](Math.floor(step / perEpoch), epochs);
    const lr = options.lr * share;
    const feeds = await options.feeds(batchOf(step));
    const { "grad.delta": grad, loss, ...terms } = await session.run({
      ...feeds,
      delta: tensor("float32", mask.dims, state.delta),
    });
    applyUpdate(options.optimizer, {
      delta: state.delta,
      grad: grad!.data as Float32Array,
      mask: mask.data,
      lr,
      state: state.optimizer,
    });
    state.curve.push({
      step: step + 1,
      lr,
      loss: scalarOf(loss),
      terms: Object.fromEntries(Object.entries(terms).map(([k, v]) => [k, scalarOf(v)])),
    });
    await options.afterStep(state);
  }
  return state;
}
