/** Stores weights in 16 bits, and goes on computing in 32. @module */
import { castTensor, toNumbers } from "../../tensor/convert.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Model, Weight } from "../ir/model.ts";
import { type ReadRange, tensorFromWeight, weightFromTensor } from "../ir/weight.ts";
import { widenModel } from "./widen_model.ts";

/** Smaller weights are kept as they are: they weigh nothing. */
const least = 256;

/** Largest float16. */
const largest = 65504;

/**
 * The model with its float32 weights rounded to float16 and cast to float32 where they enter, which
 * a runtime does once. It takes half of the space. Weights beyond the range of float16 stay.
 *
 * @param read Reads weights that lie in files of their own.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "../build/builder.ts";
 * import { zeros } from "../../tensor/tensor.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const w = b.initializer("w", zeros("float32", [64, 64]));
 * b.output(b.op("MatMul", [b.input("x", "float32", [1, 64]), w]), "y");
 * const { graph } = storeHalf(b.finish());
 * assertEquals(graph.initializers.get("w")?.dtype, "float16");
 * assertEquals(graph.nodes.map(({ opType }) => opType), ["Cast", "MatMul", "Identity"]);
 * ```
 */
export function storeHalf(model: Model, read?: ReadRange): Model {
  const initializers = new Map(
    [...model.graph.initializers].map(([name, weight]) => [name, inHalf(weight, read)]),
  );
  return widenModel({ ...model, graph: { ...model.graph, initializers } });
}

function inHalf(weight: Weight, read?: ReadRange): Weight {
  if (weight.dtype !== "float32" || sizeOf(weight.dims) < least) return weight;
  const values = tensorFromWeight(weight, read);
  if (toNumbers(values).some((value) => Math.abs(value) > largest)) return weight;
  return weightFromTensor(castTensor(values, "float16"));
}
