/** Rules of operators that make shapes and constants. @module */
import { dtypeOfDataType, isDType } from "../ir/data_type.ts";
import { addDims, divideDimsUp, productOfDims, subtractDims, unknownDim } from "../ir/dim.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { fromNumbers } from "../../tensor/convert.ts";
import { dtypes } from "../../tensor/dtype.ts";
import type { Dim, Weight } from "../ir/model.ts";
import { tensorFromWeight, weightFromTensor } from "../ir/weight.ts";
import { roundTo } from "./arithmetic.ts";
import { type NodeContext, type OpRow, typed } from "./context.ts";
import { normalizeAxis } from "../ir/axis.ts";
import { type Known, known, knownFromTensor } from "./known.ts";
import { dimsFromInput } from "./movement.ts";

/** More elements than this are never made known: shapes, indices and small masks are smaller. */
export const knownLimit = 4096;

/** The elements of a weight if they are in memory and few. */
export function knownFromWeight(weight: Weight, limit = knownLimit): Known | undefined {
  if (weight.data.kind !== "inline" || sizeOf(weight.dims) > limit) return undefined;
  if (!isDType(weight.dtype)) return undefined;
  return knownFromTensor(tensorFromWeight(weight));
}

function int64Weight(dims: readonly number[], values: readonly number[]): Weight {
  return weightFromTensor(fromNumbers("int64", dims, values));
}

function float32Weight(dims: readonly number[], values: readonly number[]): Weight {
  return weightFromTensor(fromNumbers("float32", dims, values));
}

/** The value of a Constant node, whichever attribute holds it. */
export function constantWeight(attributes: NodeContext["node"]["attributes"]): Weight | undefined {
  const [attribute] = Object.values(attributes);
  if (attribute?.type === "tensor") return attribute.value;
  if (attribute?.type === "int") return int64Weight([], [attribute.value]);
  if (attribute?.type === "ints") return int64Weight([attribute.value.length], attribute.value);
  if (attribute?.type === "float") return float32Weight([], [attribute.value]);
  if (attribute?.type === "floats") return float32Weight([attribute.value.length], attribute.value);
  return undefined;
}

const constant: OpRow = {
  infer: (c) => {
    const weight = constantWeight(c.node.attributes);
    if (weight !== undefined) return [typed(weight.dtype, weight.dims)];
    const strings = c.attribute("value_strings", "strings");
    return [typed("string", strings ? [strings.length] : [])];
  },
  evaluate: (c) => {
    const weight = constantWeight(c.node.attributes);
    const value = weight && knownFromWeight(weight);
    return value && [value];
  },
};

const shape: OpRow = {
  infer: (c) => {
    const range = shapeRange(c);
    return [typed("int64", [range ? range.length : unknownDim()])];
  },
  evaluate: (c) => {
    const range = shapeRange(c);
    return range && [known("int64", [range.length], range)];
  },
};

function shapeRange(c: NodeContext): readonly Dim[] | undefined {
  const dims = c.dims(0);
  const end = c.attribute("end", "int");
  return dims?.slice(c.int("start", 0), end ?? dims.length);
}

const size: OpRow = {
  infer: () => [typed("int64", [])],
  evaluate: (c) => {
    const dims = c.dims(0);
    return dims && [known("int64", [], [productOfDims(dims)])];
  },
};

const constantOfShape: OpRow = {
  infer: (c) => [typed(c.tensor("value")?.dtype ?? "float32", dimsFromInput(c, 0))],
  evaluate: (c) => {
    const dims = c.numbers(0);
    if (dims === undefined || sizeOf(dims) > knownLimit) return undefined;
    const value = c.tensor("value");
    const filled = value === undefined ? known("float32", [1], [0]) : knownFromWeight(value);
    if (filled?.elements.length !== 1) return undefined;
    return [known(filled.dtype, dims, new Array<Dim>(sizeOf(dims)).fill(filled.elements[0]!))];
  },
};

const range: OpRow = {
  infer: (c) => {
    const dtype = c.dtype(0) ?? c.dtype(1) ?? c.dtype(2);
    const [start, limit, step] = [0, 1, 2].map((i) => c.known(i)?.elements[0]);
    if (start === undefined || limit === undefined || step === undefined) {
      return [typed(dtype, [unknownDim()])];
    }
    return [typed(dtype, [rangeSize(start, limit, step)])];
  },
  evaluate: (c) => {
    const [start, limit, step] = [0, 1, 2].map((i) => c.numbers(i)?.[0]);
    if (start === undefined || limit === undefined || step === undefined) return undefined;
    const length = rangeSize(start, limit, step) as number;
    if (length > knownLimit) return undefined;
    const { dtype } = c.known(0)!;
    const elements = Array.from({ length }, (_, i) => roundTo(start + i * step, dtype));
    return dtypes[dtype].float ? undefined : [known(dtype, [length], elements)];
  },
};

function rangeSize(start: Dim, limit: Dim, step: Dim): Dim {
  if (typeof start === "number" && typeof limit === "number" && typeof step === "number") {
    return Math.max(0, Math.ceil((limit - start) / step));
  }
  return divideDimsUp(subtractDims(limit, start), step);
}

const oneHot: OpRow = {
  infer: (c) => {
    const dims = c.dims(0);
    if (dims === undefined) return [typed(c.dtype(2))];
    const axis = normalizeAxis(c.int("axis", -1), dims.length + 1);
    const depth = c.known(1)?.elements[0] ?? unknownDim();
    return [typed(c.dtype(2), [...dims.slice(0, axis), depth, ...dims.slice(axis)])];
  },
};

const nonZero: OpRow = {
  infer: (c) => [typed("int64", [c.rank(0) ?? unknownDim(), unknownDim()])],
  evaluate: (c) => {
    const x = c.known(0);
    const values = c.numbers(0);
    if (x?.dims.length !== 1 || values === undefined) return undefined;
    const found = values.flatMap((v, i) => v === 0 ? [] : [i]);
    return [known("int64", [1, found.length], found)];
  },
};

/** A random tensor whose shape is an attribute. */
const randomShape: OpRow = {
  infer: (c) => [typed(dtypeOfDataType(c.int("dtype", 1)), c.ints("shape"))],
};

/** A random tensor of the shape of its input. */
const randomLike: OpRow = {
  infer: (c) => {
    const to = c.attribute("dtype", "int");
    return [typed(to === undefined ? c.dtype(0) : dtypeOfDataType(to), c.dims(0))];
  },
};

const multinomial: OpRow = {
  infer: (c) => {
    const rows = c.dims(0)?.[0] ?? unknownDim();
    return [typed(dtypeOfDataType(c.int("dtype", 6)), [rows, c.int("sample_size", 1)])];
  },
};

const window: OpRow = {
  infer: (c) => [
    typed(dtypeOfDataType(c.int("output_datatype", 1)), [
      addDims(c.known(0)?.elements[0] ?? unknownDim(), 0),
    ]),
  ],
};

/** Operators of ai.onnx that make tensors of shapes and constants. */
export const creationRows: Readonly<Record<string, OpRow>> = {
  Constant: constant,
  Shape: shape,
  Size: size,
  ConstantOfShape: constantOfShape,
  Range: range,
  OneHot: oneHot,
  NonZero: nonZero,
  RandomNormal: randomShape,
  RandomUniform: randomShape,
  RandomNormalLike: randomLike,
  RandomUniformLike: randomLike,
  Bernoulli: randomLike,
  Multinomial: multinomial,
  HannWindow: window,
  HammingWindow: window,
  BlackmanWindow: window,
};
