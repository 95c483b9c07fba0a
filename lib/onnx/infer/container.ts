/** Rules of control flow, sequences and optional values. @module */
import { unknownDim } from "../ir/dim.ts";
import { dtypeOfDataType } from "../ir/data_type.ts";
import type { Dim, ValueType } from "../ir/model.ts";
import {
  type InferRule,
  type NodeContext,
  type OpRow,
  type OutputTypes,
  typed,
} from "./context.ts";
import { normalizeAxis } from "../ir/axis.ts";

/** What two types have in common: dimensions that differ become unknown, other ranks no dims at all. */
function commonType(
  a: ValueType | undefined,
  b: ValueType | undefined,
): ValueType | undefined {
  if (a === undefined || b === undefined || a.kind !== b.kind) return undefined;
  if (a.kind !== "tensor" || b.kind !== "tensor") return a;
  if (a.dtype !== b.dtype) return undefined;
  if (a.dims === undefined || b.dims === undefined || a.dims.length !== b.dims.length) {
    return typed(a.dtype);
  }
  const dims = b.dims;
  return typed(a.dtype, a.dims.map((d, axis) => d === dims[axis] ? d : unknownDim()));
}

const conditional: InferRule = (c) => {
  const otherwise = c.subgraph("else_branch", []);
  const then = c.subgraph("then_branch", []);
  const condition = c.numbers(0)?.[0];
  if (condition !== undefined) return condition === 0 ? otherwise : then;
  return then.map((type, i) => commonType(type, otherwise[i]));
};

/** Types of carried values: those before the loop, less what an iteration changes. */
function carriedTypes(
  before: OutputTypes,
  iterate: (types: OutputTypes) => OutputTypes,
): { carried: OutputTypes; results: OutputTypes } {
  const results = iterate(before);
  const carried = before.map((type, i) => commonType(type, results[i]));
  if (JSON.stringify(carried) === JSON.stringify(before)) return { carried, results };
  return { carried, results: iterate(carried) };
}

const loop: InferRule = (c) => {
  const before = valueTypes(c, 2, c.inputCount);
  const { carried, results } = carriedTypes(
    before,
    (types) => c.subgraph("body", [typed("int64", []), typed("bool", []), ...types]).slice(1),
  );
  const scanned = results.slice(before.length).map((type) => stacked(type, unknownDim(), 0));
  return [...carried.map((type, i) => commonType(type, results[i]) ?? type), ...scanned];
};

const scan: InferRule = (c) => {
  if (c.opset < 9) return [];
  const count = c.int("num_scan_inputs", 1);
  const states = c.inputCount - count;
  const axes = c.ints("scan_input_axes") ?? [];
  const sequences = valueTypes(c, states, c.inputCount);
  const elements = sequences.map((type, i) => element(type, axes[i] ?? 0));
  const length = sequenceLength(sequences[0], axes[0] ?? 0);
  const { carried, results } = carriedTypes(
    valueTypes(c, 0, states),
    (types) => c.subgraph("body", [...types, ...elements]),
  );
  const outputAxes = c.ints("scan_output_axes") ?? [];
  const scanned = results.slice(states).map((type, i) => stacked(type, length, outputAxes[i] ?? 0));
  return [...carried, ...scanned];
};

function valueTypes(c: NodeContext, from: number, to: number): OutputTypes {
  return Array.from({ length: to - from }, (_, i) => c.valueType(from + i));
}

function element(type: ValueType | undefined, axis: number): ValueType | undefined {
  if (type?.kind !== "tensor") return undefined;
  const at = type.dims && normalizeAxis(axis, type.dims.length);
  return typed(type.dtype, type.dims?.filter((_, i) => i !== at));
}

function sequenceLength(type: ValueType | undefined, axis: number): Dim {
  if (type?.kind !== "tensor" || type.dims === undefined) return unknownDim();
  return type.dims[normalizeAxis(axis, type.dims.length)] ?? unknownDim();
}

function stacked(type: ValueType | undefined, length: Dim, axis: number): ValueType | undefined {
  if (type?.kind !== "tensor") return undefined;
  if (type.dims === undefined) return typed(type.dtype);
  const dims = [...type.dims];
  dims.splice(normalizeAxis(axis, dims.length + 1), 0, length);
  return typed(type.dtype, dims);
}

function sequenceOf(element: ValueType | undefined): ValueType | undefined {
  return element && { kind: "sequence", element };
}

function elementType(c: NodeContext, input: number): ValueType | undefined {
  const type = c.valueType(input);
  return type?.kind === "sequence" || type?.kind === "optional" ? type.element : undefined;
}

const sequenceConstruct: InferRule = (c) => [
  sequenceOf(valueTypes(c, 0, c.inputCount).reduce(commonType)),
];

const concatFromSequence: InferRule = (c) => {
  const type = elementType(c, 0);
  if (type?.kind !== "tensor") return [undefined];
  const axis = c.int("axis", 0);
  if (c.int("new_axis", 0) === 1) return [stacked(type, unknownDim(), axis)];
  const at = type.dims && normalizeAxis(axis, type.dims.length);
  return [typed(type.dtype, type.dims?.map((d, i) => i === at ? unknownDim() : d))];
};

const splitToSequence: InferRule = (c) => {
  const dims = c.dims(0);
  const at = dims && normalizeAxis(c.int("axis", 0), dims.length);
  if (!c.has(1) && c.int("keepdims", 1) === 0) {
    return [sequenceOf(typed(c.dtype(0), dims?.filter((_, i) => i !== at)))];
  }
  const even = c.rank(1) === 0 ? c.known(1)?.elements[0] : undefined;
  const size = c.has(1) ? evenSize(dims?.[at!], even) : 1;
  return [sequenceOf(typed(c.dtype(0), dims?.map((d, i) => i === at ? size : d)))];
};

function evenSize(size: Dim | undefined, part: Dim | undefined): Dim {
  const even = typeof size === "number" && typeof part === "number" && size % part === 0;
  return even ? part : unknownDim();
}

const optional: InferRule = (c) => {
  const type = c.valueType(0);
  return [type && { kind: "optional", element: type }];
};

const sequenceInsert: InferRule = (
  c,
) => [sequenceOf(commonType(elementType(c, 0), c.valueType(1)))];

/** Operators of ai.onnx with subgraphs, sequences and optional values. */
export const containerRows: Readonly<Record<string, OpRow>> = {
  If: { infer: conditional },
  Loop: { infer: loop },
  Scan: { infer: scan },
  SequenceConstruct: { infer: sequenceConstruct },
  SequenceEmpty: {
    infer: (c) => [sequenceOf(typed(dtypeOfDataType(c.int("dtype", 1))))],
  },
  SequenceAt: { infer: (c) => [elementType(c, 0)] },
  SequenceErase: { infer: (c) => [c.valueType(0)] },
  SequenceInsert: { infer: sequenceInsert },
  SequenceLength: { infer: () => [typed("int64", [])] },
  ConcatFromSequence: { infer: concatFromSequence },
  SplitToSequence: { infer: splitToSequence },
  Optional: { infer: optional },
  OptionalHasElement: { infer: () => [typed("bool", [])] },
  OptionalGetElement: { infer: (c) => [elementType(c, 0) ?? c.valueType(0)] },
};
