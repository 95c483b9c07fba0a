/**
 * Evaluates the function and the gradient that are compared, along lines through one point.
 *
 * @module
 */
import type { Model, ValueInfo } from "../../onnx/ir/model.ts";
import { castTensor, fromNumbers, toNumbers } from "../../tensor/convert.ts";
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { Random } from "../../tensor/random.ts";
import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import type { AddedNames } from "../engine/added_names.ts";
import { float64Model, isFloat64 } from "./float64_model.ts";

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Runs a model on inputs by name; the caller decides on what. */
export type RunModel = (model: Model, feeds: Tensors) => Promise<Tensors>;

/** What is compared, and where. */
export interface SubjectOptions {
  readonly model: Model;
  /** The model with gradients. */
  readonly differentiated: Model;
  readonly feeds: Tensors;
  readonly run: RunModel;
  /** The compared outputs, each weighted by random numbers if its cotangent is an input. */
  readonly outputs: readonly string[];
  /** Name of the output that holds the gradient, by the name that varies. */
  readonly gradients: AddedNames;
  /** Name of the input for the cotangent, by the compared output. */
  readonly cotangents: AddedNames;
  readonly seed: number;
  /** Rounding counts as the identity: it is left out of both. */
  readonly straightThrough?: boolean | undefined;
}

/** Numbers for each name that varies: a direction, or a gradient. */
export type Vectors = Readonly<Record<string, Float64Array>>;

/**
 * Element types in which both models compute: float64 throughout, float64 with ops between that have
 * float32 kernels only, or the model's own.
 */
export type Precision = "float64" | "mixed" | "model";

/** f and its gradient, f being the weighted sum of the outputs. */
export interface Subject {
  readonly precision: Precision;
  /** f at the point. */
  readonly start: number;
  /** Root of the summed squares of the terms of f: its rounding is relative to this. */
  readonly size: number;
  /** f at a distance along a direction. */
  value(direction: Vectors, distance: number): Promise<number>;
  /** Gradient at a distance along a direction. */
  gradient(direction: Vectors, distance: number): Promise<Vectors>;
}

/** The subject as it is, and as exactly as it can be computed. */
export interface Subjects {
  readonly plain: Subject;
  readonly best: Subject;
  /** Gradient of `best` at the point. */
  readonly gradient: Vectors;
}

/** Models with more weights than this (half a GiB of float32) are compared in their own precision. */
const maxWeights = 2 ** 27;

/**
 * The subject in float64 where the runtime can compute it so, or else as it is. Rounding to float32
 * would drown differences over steps that are short enough to stay clear of kinks.
 */
export async function openSubject(options: SubjectOptions): Promise<Subjects> {
  const model = inShapes(options.model, options.feeds);
  const outputs = await options.run(model, options.feeds);
  const cotangents = options.outputs.map((name) =>
    [options.cotangents.get(name)!, outputs[name]!] as const
  );
  const given = { ...options.feeds, ...Object.fromEntries(cotangents) };
  const own = { ...options, model, differentiated: inShapes(options.differentiated, given) };
  const plain = subjectOf(own, outputs, "model");
  return { plain, ...await inFloat64(own, outputs) ?? await withGradient(plain) };
}

/** The model with inputs of the shapes of some values; what it declares of others is a hint. */
function inShapes(model: Model, given: Tensors): Model {
  const shaped = (info: ValueInfo): ValueInfo => {
    const value = given[info.name];
    if (value === undefined) return info;
    return { ...info, type: { kind: "tensor", dtype: value.dtype, dims: value.dims } };
  };
  return { ...model, graph: { ...model.graph, inputs: model.graph.inputs.map(shaped) } };
}

type Best = Omit<Subjects, "plain">;

async function withGradient(best: Subject): Promise<Best> {
  return { best, gradient: await best.gradient({}, 0) };
}

async function inFloat64(own: SubjectOptions, outputs: Tensors): Promise<Best | undefined> {
  const weights = [...own.model.graph.initializers.values()];
  if (weights.reduce((sum, { dims }) => sum + sizeOf(dims), 0) > maxWeights) return undefined;
  const unrounded = own.straightThrough === true;
  try {
    const wide: SubjectOptions = {
      ...own,
      model: float64Model(own.model, { unrounded }),
      differentiated: float64Model(own.differentiated, { unrounded }),
      feeds: Object.fromEntries(Object.entries(own.feeds).map(([name, x]) => [name, widen(x)])),
    };
    const found = await wide.run(wide.model, wide.feeds);
    const isSame = own.outputs.every((name) => isClose(found[name]!, outputs[name]!));
    // Without roundings values may be far from what they were rounded to.
    if (!isSame && !unrounded) return undefined;
    const exact = isFloat64(wide.model) && isFloat64(wide.differentiated);
    return await withGradient(subjectOf(wide, found, exact ? "float64" : "mixed"));
  } catch {
    // Whatever does not run in float64 is compared as it is; a model that does not run at all says so.
    return undefined;
  }
}

function widen(value: Tensor): Tensor {
  return dtypes[value.dtype].float ? castTensor(value, "float64") : value;
}

/** Whether two values are the same except for rounding: 1 in 1000 of their size, or 1e-5. */
function isClose(wide: Tensor, own: Tensor): boolean {
  const [x, y] = [toNumbers(wide), toNumbers(own)];
  const allowed = 1e-3 * lengthOf(y) + 1e-5 * Math.sqrt(y.length);
  return x.length === y.length && lengthOf(x.map((value, i) => value - y[i]!)) <= allowed;
}

/** L2 norm. */
export function lengthOf(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

function subjectOf(options: SubjectOptions, outputs: Tensors, precision: Precision): Subject {
  const { model, differentiated, feeds, run } = options;
  const cotangents = cotangentsOf(options, outputs);
  const inputs = new Set(differentiated.graph.inputs.map(({ name }) => name));
  const given = Object.entries(cotangents)
    .map(([name, value]) => [options.cotangents.get(name)!, value] as const)
    .filter(([name]) => inputs.has(name));
  const weighted = (values: Tensors) =>
    Object.entries(cotangents).map(([name, weights]) => [
      toNumbers(weights),
      toNumbers(values[name]!),
    ]);
  const terms = weighted(outputs).map(([w, y]) => lengthOf(y!.map((value, i) => value * w![i]!)));
  const sum = (values: Tensors) => weighted(values).reduce((sum, [w, y]) => sum + dot(w!, y!), 0);
  return {
    precision,
    start: sum(outputs),
    size: Math.hypot(...terms),
    value: async (direction, distance) => sum(await run(model, moved(feeds, direction, distance))),
    gradient: async (direction, distance) => {
      const at = { ...moved(feeds, direction, distance), ...Object.fromEntries(given) };
      const results = await run(differentiated, at);
      return Object.fromEntries(
        [...options.gradients].map(([name, output]) =>
          [name, toNumbers(results[output]!)] as const
        ),
      );
    },
  };
}

/** Random weights for outputs whose cotangent is an input, ones for the others. */
function cotangentsOf(options: SubjectOptions, values: Tensors): Tensors {
  const { differentiated, outputs, seed, cotangents } = options;
  const random = new Random(seed);
  const inputs = new Set(differentiated.graph.inputs.map(({ name }) => name));
  return Object.fromEntries(outputs.map((name) => {
    const { dtype, dims } = values[name]!;
    const next = inputs.has(cotangents.get(name)!) ? () => random.normal() : () => 1;
    return [name, fromNumbers(dtype, dims, Float64Array.from({ length: sizeOf(dims) }, next))];
  }));
}

/** The point at some distance along a direction. */
function moved(feeds: Tensors, direction: Vectors, distance: number): Tensors {
  const entries = Object.entries(direction).map(([name, along]) => {
    const { dtype, dims } = feeds[name]!;
    const values = toNumbers(feeds[name]!).map((value, i) => value + distance * along[i]!);
    return [name, fromNumbers(dtype as DType, dims, values)] as const;
  });
  return { ...feeds, ...Object.fromEntries(entries) };
}

/** Inner product. */
export function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** Inner product over all names. */
export function dotAll(x: Vectors, y: Vectors): number {
  return Object.keys(x).reduce((sum, name) => sum + dot(x[name]!, y[name]!), 0);
}
