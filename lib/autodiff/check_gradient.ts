/**
 * Compares a gradient with central differences in one random direction, so that the cost does not
 * grow with the size of the input.
 *
 * @module
 */
import { type Tensor, zeros } from "../tensor/tensor.ts";
import { Random } from "../tensor/random.ts";
import type { Model } from "../onnx/model.ts";
import { addGradients, gradientName } from "./gradient.ts";

/** Runs a model on inputs by name; the caller decides on what. */
export type RunModel = (
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
) => Promise<Readonly<Record<string, Tensor>>>;

/** What is checked and how. */
export interface CheckOptions {
  /** Outputs that count, each weighted by random numbers if its cotangent is an input. */
  readonly outputs: readonly string[];
  /** Graph inputs that vary; float32 or float64. */
  readonly wrt: readonly string[];
  readonly seed?: number;
  /** Length of the step, relative to elements of order 1. Defaults to 1e-3. */
  readonly step?: number;
  /** The model with gradients that is checked; default: cotangents of `outputs` added here. */
  readonly differentiated?: Model;
}

/** The derivative in the direction, by the gradient and by differences. */
export interface GradientCheck {
  readonly analytic: number;
  readonly numeric: number;
  /** |analytic − numeric| over the larger of their sizes and the typical size of a term. */
  readonly error: number;
  /** L2 norm of the gradient, over all inputs that vary. */
  readonly norm: number;
}

type Tensors = Readonly<Record<string, Tensor>>;

/**
 * Checks the gradients of a model at a point.
 *
 * @throws {DiagnosticError} If the model cannot be differentiated.
 */
export async function checkGradient(
  model: Model,
  feeds: Tensors,
  run: RunModel,
  options: CheckOptions,
): Promise<GradientCheck> {
  const { outputs, wrt, seed = 0, step = 1e-3 } = options;
  const random = new Random(seed);
  const differentiated = options.differentiated ??
    addGradients(model, { cotangents: outputs, wrt });
  const taken = new Set(differentiated.graph.inputs.map(({ name }) => name));
  const results = await run(model, feeds);
  const cotangents = Object.fromEntries(
    Object.entries(directions(outputs, results, random)).map(([name, value]) =>
      taken.has(`ct.${name}`) ? [name, value] : [name, ones(value)]
    ),
  );
  const direction = directions(wrt, feeds, random);
  const weighted = Object.entries(cotangents).map(([name, value]) => [`ct.${name}`, value] as const)
    .filter(([name]) => taken.has(name));
  const gradients = await run(differentiated, { ...feeds, ...Object.fromEntries(weighted) });
  const lossAt = async (distance: number) =>
    dotAll(outputs, cotangents, await run(model, moved(feeds, direction, distance)));
  const numeric = (await lossAt(step) - await lossAt(-step)) / (2 * step);
  const found = wrt.map((name) => gradients[gradientName(model, name)]!);
  const terms = wrt.map((name, i) => dot(direction[name]!, found[i]!));
  const analytic = terms.reduce((sum, term) => sum + term, 0);
  const size = Math.max(Math.abs(analytic), Math.abs(numeric), ...terms.map(Math.abs), 1e-2);
  const norm = Math.sqrt(found.reduce((sum, grad) => sum + dot(grad, grad), 0));
  return { analytic, numeric, error: Math.abs(analytic - numeric) / size, norm };
}

function ones({ dtype, dims }: Tensor): Tensor {
  const value = zeros(dtype, dims);
  value.data.fill(1 as never);
  return value;
}

/** Random tensors of the shapes of some of `like`. */
function directions(names: readonly string[], like: Tensors, random: Random): Tensors {
  return Object.fromEntries(names.map((name) => {
    const { dtype, dims } = like[name]!;
    const direction = zeros(dtype, dims);
    for (let i = 0; i < direction.data.length; i++) direction.data[i] = random.normal();
    return [name, direction];
  }));
}

/** The point at some distance along a direction. */
function moved(feeds: Tensors, direction: Tensors, distance: number): Tensors {
  const entries = Object.entries(direction).map(([name, { data }]) => {
    const start = feeds[name]!;
    const values = start.data.slice();
    for (let i = 0; i < values.length; i++) {
      values[i] = Number(start.data[i]) + distance * Number(data[i]);
    }
    return [name, { ...start, data: values }] as const;
  });
  return { ...feeds, ...Object.fromEntries(entries) };
}

function dotAll(names: readonly string[], x: Tensors, y: Tensors): number {
  return names.reduce((sum, name) => sum + dot(x[name]!, y[name]!), 0);
}

function dot(x: Tensor, y: Tensor): number {
  let sum = 0;
  for (let i = 0; i < x.data.length; i++) sum += Number(x.data[i]) * Number(y.data[i]);
  return sum;
}
