/**
 * Tensors whose elements are known while the graph is built: numbers, or dimensions by their symbol.
 * Shapes, indices and small constants flow through the graph as these.
 *
 * @module
 */
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { fromNumbers, toNumbers } from "../../tensor/convert.ts";
import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import type { Dim } from "../ir/model.ts";

/** A tensor with known elements, row-major; a string is a dimension's symbol. */
export interface Known {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly elements: readonly Dim[];
}

/** The known tensor with these elements. */
export function known(dtype: DType, dims: readonly number[], elements: readonly Dim[]): Known {
  return { dtype, dims, elements };
}

/** A tensor as known elements; doubles round integers beyond 2⁵³. */
export function knownFromTensor(t: Tensor): Known {
  return known(t.dtype, t.dims, Array.from(toNumbers(t)));
}

/** Whether every element is a number. */
function isNumeric(k: Known): boolean {
  return k.elements.every((e) => typeof e === "number");
}

/** Whether every element is a number, and none an integer that doubles may have rounded. */
export function isExact(k: Known): boolean {
  const isInteger = !dtypes[k.dtype].float;
  return isNumeric(k) && (!isInteger || k.elements.every(Number.isSafeInteger));
}

/** The elements as numbers, or undefined if one of them is a symbol. */
export function numbersOf(k: Known | undefined): readonly number[] | undefined {
  return k !== undefined && isNumeric(k) ? k.elements as readonly number[] : undefined;
}

/** The tensor, or undefined if an element is a symbol. */
export function tensorFromKnown(k: Known): Tensor | undefined {
  const numbers = numbersOf(k);
  return numbers && fromNumbers(k.dtype, k.dims, numbers);
}

/** Row-major strides. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= dims[axis]!;
  }
  return strides;
}

/** Calls `visit` with each index of a shape in row-major order; the array is used again. */
export function forEachIndex(dims: readonly number[], visit: (index: number[]) => void): void {
  const index = dims.map(() => 0);
  for (let n = sizeOf(dims); n > 0; n--) {
    visit(index);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < dims[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** A tensor of shape `dims` whose element at an index is the element of `x` at `source(index)`. */
export function rearrange(
  x: Known,
  dims: readonly number[],
  source: (index: readonly number[]) => number,
): Known {
  const elements: Dim[] = [];
  forEachIndex(dims, (index) => elements.push(x.elements[source(index)]!));
  return known(x.dtype, dims, elements);
}

/** The same elements in another shape. */
export function reshaped(x: Known, dims: readonly number[]): Known {
  return known(x.dtype, dims, x.elements);
}

/** Index into `x` for an index of a shape that it is broadcast to. */
export function broadcastSource(
  dims: readonly number[],
  rank: number,
): (index: readonly number[]) => number {
  const strides = stridesOf(dims);
  const shift = rank - dims.length;
  return (index) => {
    let at = 0;
    for (let axis = 0; axis < dims.length; axis++) {
      if (dims[axis] !== 1) at += index[axis + shift]! * strides[axis]!;
    }
    return at;
  };
}
