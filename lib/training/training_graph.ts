/** A graph for training, with the names of its outputs as typed fields. @module */
import { differentiateModel } from "../autodiff/gradient.ts";
import type { Model } from "../onnx/ir/model.ts";
import { flatValues, type ParameterPlace } from "../tensor/flat_parameters.ts";
import type { Tensor } from "../tensor/tensor.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** A graph whose output is a loss. */
export interface LossGraph {
  readonly model: Model;
  /** Output that is the loss, a scalar. */
  readonly loss: string;
  /** Outputs of what the loss is made of, scalars too, by their names in curves. */
  readonly terms: Readonly<Record<string, string>>;
}

/** A graph whose outputs are a loss and its gradient. */
export interface TrainingGraph extends LossGraph {
  /** Outputs of ∂loss/∂parameter by parameter; empty where the loss alone is wanted. */
  readonly gradients: Readonly<Record<string, string>>;
  /** What gradients are multiplied by on their way through float16; absent where they are not. */
  readonly lossScale?: number;
  /** Input that weighs several sources of the loss, where single ones can be asked for. */
  readonly sourceWeights?: string;
}

/** A loss, and what it is made of. */
export interface Losses {
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
}

/** Output of a loss term's value: the prefix keeps every term apart from other outputs. */
export const termOutput = (term: string): string => `loss.${term}`;

/** Outputs of terms by their names. */
export function termOutputs(terms: readonly string[]): Record<string, string> {
  return Object.fromEntries(terms.map((term) => [term, termOutput(term)]));
}

/**
 * Adds the gradients with respect to the parameters.
 *
 * @param how.lossScale What gradients are multiplied by until they reach the parameters.
 * @param how.recompute Whether inner values of blocks are computed again in the backward pass.
 * @throws {DiagnosticError} If an operator on the way to the loss cannot be differentiated.
 */
export function withGradients<G extends LossGraph>(
  graph: G,
  parameters: readonly string[],
  { lossScale = 1, recompute = false }: {
    readonly lossScale?: number;
    readonly recompute?: boolean;
  } = {},
): G & TrainingGraph {
  const { model, loss } = graph;
  const differentiated = differentiateModel(model, {
    ...{ of: loss, wrt: parameters, scale: lossScale },
    rematerialize: recompute ? "blocks" : "none",
  });
  return {
    ...graph,
    ...(lossScale === 1 ? {} : { lossScale }),
    model: differentiated.model,
    gradients: Object.fromEntries(differentiated.gradients),
  };
}

/** The loss and its terms among the outputs of a run. */
export function lossesIn({ loss, terms }: LossGraph, outputs: Tensors): Losses {
  const scalar = (name: string) => Number(outputs[name]?.data[0]);
  return {
    loss: scalar(loss),
    terms: Object.fromEntries(Object.entries(terms).map(([term, name]) => [term, scalar(name)])),
  };
}

/** Means of losses and of their terms. @param weights How much each counts; default alike. */
export function meanLosses(
  seen: readonly Losses[],
  weights: readonly number[] = seen.map(() => 1),
): Losses {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = (of: (losses: Losses) => number) =>
    seen.reduce((sum, losses, i) => sum + weights[i]! * of(losses), 0) / whole;
  const names = Object.keys(seen[0]!.terms);
  return {
    loss: mean((losses) => losses.loss),
    terms: Object.fromEntries(names.map((name) => [name, mean((l) => l.terms[name]!)])),
  };
}

/** The gradient among the outputs of a run, laid out as the parameters are. */
export function gradientIn(
  { gradients }: TrainingGraph,
  outputs: Tensors,
  places: readonly ParameterPlace[],
): Float32Array {
  return flatValues(places, outputs, (name) => gradients[name] ?? name);
}

/** Selects the tensors that a graph has as inputs, and drops the others. */
export function askedOf(
  inputs: readonly { readonly name: string }[],
  tensors: Tensors,
): Record<string, Tensor> {
  const asked = inputs.filter(({ name }) => name in tensors);
  return Object.fromEntries(asked.map(({ name }) => [name, tensors[name]!]));
}
