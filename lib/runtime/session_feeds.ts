/** Compares the tensors that a model is given with its inputs. @module */
import type { Dim } from "../onnx/ir/model.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Name, element type and shape of an input or output. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly Dim[];
}

/** @throws {TypeError} If inputs are missing, unknown, or of another type or shape; it names all of them. */
export function checkFeeds(
  feeds: Readonly<Record<string, Tensor>>,
  inputs: ReadonlyMap<string, TensorSpec>,
): void {
  const problems: string[] = [];
  for (const spec of inputs.values()) {
    const value = feeds[spec.name];
    if (value === undefined) problems.push(`input ${describe(spec)} is missing`);
    else if (!matches(value, spec)) {
      const given = `${value.dtype}[${value.dims.join(", ")}]`;
      problems.push(`input ${describe(spec)} was given ${given}`);
    }
  }
  for (const name of Object.keys(feeds)) {
    if (!inputs.has(name)) problems.push(`"${name}" is not an input`);
  }
  if (problems.length === 0) return;
  const known = [...inputs.values()].map(describe).join(", ");
  throw new TypeError(`Cannot run the model: ${problems.join("; ")}, its inputs are ${known}`);
}

function describe(spec: TensorSpec): string {
  return `"${spec.name}" ${spec.dtype}[${spec.dims.join(", ")}]`;
}

function matches(value: Tensor, spec: TensorSpec): boolean {
  // A graph input without a declared shape is reported as a scalar, so rank 0 accepts anything.
  if (value.dtype !== spec.dtype) return false;
  if (spec.dims.length === 0) return true;
  return value.dims.length === spec.dims.length &&
    value.dims.every((dim, i) => typeof spec.dims[i] !== "number" || spec.dims[i] === dim);
}
