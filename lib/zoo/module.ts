/**
 * The context in which a network's layers are built: a graph, and a source of weights. Weights are
 * named as in the published checkpoints of each architecture; matrices lie as `[in, out]`.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../onnx/build/builder.ts";
import { Random } from "../tensor/random.ts";
import { sizeOf, type Tensor, tensor } from "../tensor/tensor.ts";

/** How a weight starts: normal with a standard deviation, constant, or with values of its own. */
export type Initial = { readonly std: number } | { readonly value: number } | {
  readonly values: Float32Array;
};

/** Gives the weight of a name; `initial` says how a new one starts. */
export type WeightSource = (
  name: string,
  dims: readonly number[],
  initial: Initial,
) => Tensor<"float32">;

/** A graph under construction and its weights. */
export interface Module {
  readonly builder: GraphBuilder;
  readonly weights: WeightSource;
  /** Weights are inputs of the graph, so that they can change from run to run. */
  readonly training: boolean;
  /** Weights that are in the graph already. */
  readonly declared: Set<string>;
}

/** Begins a graph whose weights are initializers or, for training, inputs. */
export function moduleOn(
  builder: GraphBuilder,
  weights: WeightSource,
  options: { readonly training?: boolean } = {},
): Module {
  return { builder, weights, training: options.training ?? false, declared: new Set() };
}

/**
 * Fresh weights. Each depends on seed, name and shape alone, so that a network has the same weights
 * whichever graph it is built into.
 */
export function seededWeights(seed: number): WeightSource {
  return (name, dims, initial) => {
    if ("values" in initial) return tensor("float32", dims, initial.values);
    const data = new Float32Array(sizeOf(dims));
    if ("value" in initial) return tensor("float32", dims, data.fill(initial.value));
    const random = new Random(`${seed}/weight/${name}`);
    for (let i = 0; i < data.length; i++) data[i] = random.normal() * initial.std;
    return tensor("float32", dims, data);
  };
}

/**
 * Weights from a checkpoint.
 *
 * @throws {RangeError} From the source: if a weight is missing or has another shape.
 */
export function storedWeights(weights: Readonly<Record<string, Tensor>>): WeightSource {
  return (name, dims) => {
    const weight = weights[name];
    if (weight === undefined) {
      throw new RangeError(`Cannot build the network: the checkpoint has no weight "${name}"`);
    }
    if (weight.dtype !== "float32" || `${weight.dims}` !== `${dims}`) {
      throw new RangeError(
        `Cannot build the network: weight "${name}" is ${weight.dtype} [${weight.dims}], not float32 [${dims}]`,
      );
    }
    return weight as Tensor<"float32">;
  };
}

/** Passes weights on and notes them: afterwards `noted` holds every weight that a graph uses. */
export function notedWeights(
  source: WeightSource,
  noted: Record<string, Tensor<"float32">>,
): WeightSource {
  return (name, dims, initial) => noted[name] ??= source(name, dims, initial);
}

/** Adds a weight to the graph, once. */
export function parameter(
  { builder, weights, training, declared }: Module,
  name: string,
  dims: readonly number[],
  initial: Initial = { std: 0.02 },
): Value {
  if (declared.has(name)) return name;
  declared.add(name);
  const weight = weights(name, dims, initial);
  return training ? builder.input(name, "float32", dims) : builder.initializer(name, weight);
}
