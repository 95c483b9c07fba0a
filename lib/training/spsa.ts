/**
 * Gradients from losses alone: simultaneous perturbation stochastic approximation (Spall 1992, IEEE
 * Transactions on Automatic Control 37(3)), for models that cannot be differentiated.
 *
 * @module
 */
import { Random } from "../tensor/random.ts";
import { type Losses, meanLosses } from "./training_graph.ts";

/** How the gradient is estimated. */
export interface SpsaOptions {
  /** Pairs of losses that are averaged; a step costs twice as many. */
  readonly samples: number;
  /** c: how far the prompt is moved, in units of pixel values in [0, 1]. */
  readonly radius: number;
}

/** An estimate at one point. */
export interface SpsaPoint extends SpsaOptions {
  readonly values: Float32Array;
  /** Rates m; where they are 0 nothing is moved. */
  readonly rates: Float32Array;
  /** From 0; with the seed it determines the directions, so no state is saved. */
  readonly step: number;
  readonly seed: number;
}

/** Spall's γ: the radius of step k is c/(k + 1)^γ. */
const GAMMA = 0.101;

/**
 * Estimates the gradient: the mean over random directions Δ ∈ {−1, 1}ⁿ of
 * (L(x + cₖΔ) − L(x − cₖΔ)) / (2cₖ) · Δ. Both losses of a pair, and all pairs, are of one batch (common
 * random numbers), so that they differ by the prompt alone. A value of rate m is moved by cₖ√m.
 *
 * @param lossAt Loss of the batch at a point; the array is used again after it.
 * @returns The estimate, and the mean of the losses it is made of.
 */
export async function estimateGradient(
  lossAt: (values: Float32Array) => Promise<Losses>,
  point: SpsaPoint,
): Promise<Losses & { readonly grad: Float32Array }> {
  const { values, rates, step, seed, samples } = point;
  const radius = point.radius / (step + 1) ** GAMMA;
  const reach = rates.map((rate) => radius * Math.sqrt(rate));
  const grad = new Float32Array(values.length);
  const seen: Losses[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const random = new Random(`spsa ${seed} ${step} ${sample}`);
    const signs = Int8Array.from(values, () => random.bits() < 0 ? -1 : 1);
    const ahead = await lossAt(values.map((x, i) => x + signs[i]! * reach[i]!));
    const behind = await lossAt(values.map((x, i) => x - signs[i]! * reach[i]!));
    seen.push(ahead, behind);
    const slope = (ahead.loss - behind.loss) / (2 * samples);
    for (let i = 0; i < grad.length; i++) {
      if (reach[i]! > 0) grad[i]! += slope * signs[i]! / reach[i]!;
    }
  }
  return { grad, ...meanLosses(seen) };
}
