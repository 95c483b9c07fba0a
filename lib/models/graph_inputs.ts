/** The inputs of composed graphs: their shapes, and the inputs with a constant value. @module */
import type { Dim, Model, ValueInfo, Weight } from "../onnx/ir/model.ts";
import { isDType } from "../onnx/ir/data_type.ts";
import { weightFromTensor } from "../onnx/ir/weight.ts";
import { type DType, dtypes } from "../tensor/dtype.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { cannotCompose } from "./part_interface.ts";

/**
 * Declares the shapes of inputs. Types of inner values are dropped: they were declared by parts
 * whose symbols may mean different things.
 */
export function withInputDims(
  model: Model,
  dims: Readonly<Record<string, readonly Dim[]>>,
): Model {
  const inputs = model.graph.inputs.map((info) => {
    const shape = dims[info.name];
    return shape === undefined || info.type.kind !== "tensor"
      ? info
      : { ...info, type: { ...info.type, dims: shape } };
  });
  return { ...model, graph: { ...model.graph, inputs, values: new Map() } };
}

/** Turns inputs into constants. */
export function bindInputs(model: Model, weights: Readonly<Record<string, Weight>>): Model {
  const inputs = model.graph.inputs.filter((info) => !(info.name in weights));
  const initializers = new Map([...model.graph.initializers, ...Object.entries(weights)]);
  return { ...model, graph: { ...model.graph, inputs, initializers } };
}

/**
 * Element type of an input.
 *
 * @throws {DiagnosticError} If the input is not a numeric tensor.
 */
export function dtypeOfInput(info: ValueInfo): DType {
  if (info.type.kind === "tensor" && isDType(info.type.dtype)) return info.type.dtype;
  throw cannotCompose(`input "${info.name}" is not a numeric tensor`);
}

/** Declared shape of an input. @throws {DiagnosticError} If it has none. */
export function dimsOfInput(info: ValueInfo): readonly Dim[] {
  const dims = info.type.kind === "tensor" ? info.type.dims : undefined;
  if (dims !== undefined) return dims;
  throw cannotCompose(`input "${info.name}" has no declared shape`);
}

/** A constant of zeros. */
export function zeroWeight(dtype: DType, dims: readonly number[]): Weight {
  return weightFromTensor({ dtype, dims, data: new dtypes[dtype].array(sizeOf(dims)) });
}
