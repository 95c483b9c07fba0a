/**
 * Defines a search: the points around the prompt, and the sources, at which the gradient of an
 * update is taken. Papers maximise a loss; here one is minimised, so signs are reversed.
 *
 * @module
 */
import type { Random } from "../../tensor/random.ts";
import type { Losses } from "../training_graph.ts";

/** A gradient, and the losses at the point where it was taken. */
export interface Gradient extends Losses {
  readonly grad: Float32Array;
}

/** Asks for a gradient at values: of the whole loss, or with one source model's part alone. */
export type GradientAt = (values: Float32Array, source?: number) => Promise<Gradient>;

/** How wide a search is. */
export interface SearchOptions {
  /** Its points. */
  readonly samples: number;
  /** How far they are, in pixel values from 0 to 1. */
  readonly radius: number;
}

/** Where a search begins. */
export interface SearchPoint extends SearchOptions {
  readonly values: Float32Array;
  /** Rates m; what has rate 0 is not moved. */
  readonly rates: Float32Array;
  /** Arrays of its own that it keeps between steps, zeros at first; changed in place. */
  readonly moments: Readonly<Record<string, Float32Array>>;
  /** Number of source models. */
  readonly sources: number;
  /** Drawn by seed and step. */
  readonly random: Random;
}

/** A search. */
export interface Search {
  /** What it does, and where it comes from. */
  readonly description: string;
  /** Names of the arrays it keeps. */
  readonly moments: readonly string[];
  /** How many gradients a step asks for, at most. */
  gradients(options: SearchOptions & { readonly sources: number }): number;
  /** Whether it asks for gradients of single source models. */
  readonly perSource: boolean;
  /** The gradient that the update rule gets. */
  find(gradientAt: GradientAt, point: SearchPoint): Promise<Gradient>;
}

/** values + scale · m · direction. */
export function moved(
  { values, rates }: Pick<SearchPoint, "values" | "rates">,
  direction: (i: number) => number,
  scale = 1,
): Float32Array {
  return values.map((x, i) => rates[i] === 0 ? x : x + scale * rates[i]! * direction(i));
}

/** A point around the values, every one moved by up to `radius` of its own. */
export function neighbour({ random, radius, ...point }: SearchPoint): Float32Array {
  return moved(point, () => random.uniform(-radius, radius));
}

/** Σ weightᵢ · xᵢ. */
export function combined(
  parts: readonly (readonly [weight: number, x: Float32Array])[],
): Float32Array {
  return parts[0]![1].map((_, i) => parts.reduce((sum, [weight, x]) => sum + weight * x[i]!, 0));
}
