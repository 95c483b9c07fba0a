/** AdamW (arXiv 1711.05101), by which the weights of networks are trained. @module */
import type { ParameterPlace } from "../tensor/flat_parameters.ts";
import type { Update, UpdateRule } from "./optimizer.ts";

/** The rates of AdamW. */
export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Weight decay of matrices; vectors are not decayed. */
  readonly decay: number;
  /** Gradients of a larger norm, all weights together, are scaled down to this one. */
  readonly clip: number;
}

/** The settings of the zoo's pretraining, except the decay. */
export const adamWDefaults: AdamWOptions = {
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  decay: 0.05,
  clip: 1,
};

/** AdamW with its options. */
export function adamW(options: AdamWOptions = adamWDefaults): UpdateRule {
  return {
    description: "Adam with decoupled weight decay and a clipped gradient",
    moments: ["first", "second"],
    gradient: "autodiff",
    update: (update) => {
      const scale = Math.min(1, options.clip / (update.norm + 1e-6));
      for (const place of update.places) updatePlace(place, update, { ...options, scale });
    },
  };
}

function updatePlace(
  { start, end, dims }: ParameterPlace,
  { state, grad, rates, lr }: Update,
  { beta1, beta2, epsilon, decay, scale }: AdamWOptions & { readonly scale: number },
): void {
  const { values, moments } = state;
  const { first, second } = moments as Record<"first" | "second", Float32Array>;
  const t = state.step + 1;
  const decayed = dims.length > 1 ? lr * decay : 0;
  const rate = lr / (1 - beta1 ** t);
  const correction = 1 / (1 - beta2 ** t);
  for (let i = start; i < end; i++) {
    const g = grad[i]! * scale;
    const m = beta1 * first[i]! + (1 - beta1) * g;
    const v = beta2 * second[i]! + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    const share = rates[i]!;
    values[i] = values[i]! * (1 - share * decayed) -
      share * rate * m / (Math.sqrt(v * correction) + epsilon);
  }
}
