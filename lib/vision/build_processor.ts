/** A model's image processor as a graph, so that gradients pass through it. @module */
import { GraphBuilder } from "../onnx/build/builder.ts";
import type { Model } from "../onnx/ir/model.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { cropStart, planProcessor, type ProcessorPlan } from "./preprocess.ts";
import type { ProcessorConfig } from "./processor_fields.ts";
import { axisMatrix, axisWeights } from "./resize.ts";

/**
 * The processor for square pictures of one size: input `image` `[batch, 3, inputSize, inputSize]`
 * from 0 to 1, output `pixel_values`. Resizing and cropping are one matrix product per axis; there
 * is neither rounding nor clipping, as a prompted picture may leave 0 to 1.
 *
 * @throws {RangeError} If the configuration asks for what is not supported.
 *
 * @example
 * ```ts
 * const model = buildProcessor({ size: { height: 32, width: 32 }, resample: 3 }, 64);
 * ```
 */
export function buildProcessor(config: ProcessorConfig, inputSize: number): Model {
  const plan = planProcessor(config, { height: inputSize, width: inputSize });
  const builder = new GraphBuilder();
  let image = builder.input("image", "float32", ["batch", 3, inputSize, inputSize]);
  const rows = cropMatrix(plan, "height");
  if (rows) image = builder.op("MatMul", [builder.constant(rows), image]);
  const columns = cropMatrix(plan, "width");
  if (columns) image = builder.op("MatMul", [image, builder.constant(transposed(columns))]);
  if (plan.scale.some((value) => Math.fround(value) !== 1)) {
    image = builder.op("Mul", [image, builder.constant(perChannel(plan.scale))]);
  }
  if (plan.bias.some((value) => value !== 0)) {
    image = builder.op("Add", [image, builder.constant(perChannel(plan.bias))]);
  }
  builder.output(image, "pixel_values");
  return builder.finish();
}

/** Resize and crop of an axis, `[cropped, from]`, or `undefined` where it stays as it is. */
function cropMatrix(plan: ProcessorPlan, axis: "height" | "width"): Tensor<"float32"> | undefined {
  const from = plan.from[axis], resized = plan.resized[axis], cropped = plan.cropped[axis];
  if (from === resized && resized === cropped) return undefined;
  const filter = from === resized ? "nearest" : plan.filter;
  const resize = axisMatrix(axisWeights(from, resized, filter));
  const matrix = new Float32Array(cropped * from);
  const start = cropStart(resized, cropped);
  for (let i = Math.max(0, -start); i < Math.min(cropped, resized - start); i++) {
    matrix.set(resize.subarray((start + i) * from, (start + i + 1) * from), i * from);
  }
  return tensor("float32", [cropped, from], matrix);
}

function transposed({ dims, data }: Tensor<"float32">): Tensor<"float32"> {
  const [rows, columns] = dims as [number, number];
  const flipped = data.map((_, i) => data[i % rows * columns + Math.floor(i / rows)]!);
  return tensor("float32", [columns, rows], flipped);
}

function perChannel(values: readonly number[]): Tensor<"float32"> {
  return tensor("float32", [1, 3, 1, 1], Float32Array.from(values));
}
