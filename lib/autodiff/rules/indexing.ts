/** Ops that pick or place elements by index. Gathers go back as scatters that add, and the reverse. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { intOf, stringOf } from "../engine/attributes.ts";
import {
  castLike,
  constantLike,
  dimOf,
  div,
  dropWhere,
  indicator,
  keepWhere,
  mul,
  range,
  rankOf,
  shapeOf,
  sub,
  where,
  widen,
  zerosLike,
} from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import {
  type GradContext,
  type GradRule,
  type GradRules,
  linear,
  type UnaryArgs,
} from "../engine/rule.ts";
import { gatherGrad } from "./gather.ts";

const gather = linear(({ b, node, g, x }) => {
  const axis = normalizeAxis(intOf(node, "axis", 0), rankOf(b, x));
  return gatherGrad(b, g, node.inputs[1]!, axis, dimOf(b, x, axis));
});

/** Adds g at `indices` of zeros like x, along one axis. */
function scatterAdd(b: GraphBuilder, x: Value, indices: Value, g: Value, axis: number): Value {
  const wide = widen(b, g);
  const zeros = b.op("Expand", [constantLike(b, wide, 0), shapeOf(b, x)]);
  const sum = b.op("ScatterElements", [zeros, indices, wide], { axis, reduction: "add" });
  return castLike(b, sum, g);
}

const gatherElements = linear(({ b, node, g, x }) =>
  scatterAdd(b, x, node.inputs[1]!, g, intOf(node, "axis", 0))
);

/** 0, 1, … n−1 as a value that varies along `axis` of `rank` axes. */
function iotaAlong(b: GraphBuilder, size: Value, axis: number, rank: number): Value {
  const scalar = (value: Value) => b.op("Squeeze", [value, b.int64s([0])]);
  const numbers = b.op("Range", [scalar(b.int64s([0])), scalar(size), scalar(b.int64s([1]))]);
  return b.op("Reshape", [numbers, b.int64s(range(rank).map((i) => i === axis ? -1 : 1))]);
}

/** Index tuples with the batch positions in front, so that no axis is a batch axis any more. */
function withBatchIndices(b: GraphBuilder, indices: Value, batchDims: number): Value {
  const rank = rankOf(b, indices);
  const head = b.op("Concat", [b.op("Shape", [indices], { end: -1 }), b.int64s([1])], { axis: 0 });
  const columns = range(batchDims).map((axis) => {
    const positions = iotaAlong(b, dimOf(b, indices, axis), axis, rank);
    return b.op("Expand", [positions, head]);
  });
  return columns.length === 0 ? indices : b.op("Concat", [...columns, indices], { axis: -1 });
}

const gatherND = linear(({ b, node, g, x }) => {
  const indices = withBatchIndices(b, node.inputs[1]!, intOf(node, "batch_dims", 0));
  const wide = widen(b, g);
  const zeros = b.op("Expand", [constantLike(b, wide, 0), shapeOf(b, x)]);
  return castLike(b, b.op("ScatterND", [zeros, indices, wide], { reduction: "add" }), g);
});

/** How a scatter writes, and how to read back what was written. */
interface Scatter {
  readonly b: GraphBuilder;
  readonly node: Node;
  /** Reads `source` at the indices. */
  read(source: Value): Value;
  /** Writes `update` over `base` at the indices. */
  write(base: Value, update: Value, reduction?: string): Value;
}

type ScatterGrad = (scatter: Scatter, g: Value) => { data(): Value; update(): Value };

/** Gradients of a scatter by what it does with the elements it meets. */
const scatterGrads: Readonly<Record<string, ScatterGrad>> = {
  none: ({ b, node, read, write }, g) => ({
    data: () => write(g, zerosLike(b, node.inputs[2]!)),
    update: () => read(g),
  }),
  add: ({ read }, g) => ({ data: () => g, update: () => read(g) }),
  mul: productGrad,
  max: extremumGrad,
  min: extremumGrad,
};

/** g times the other factors: the product over the own one, and the rest where that is the only zero. */
function productGrad({ b, node, read, write }: Scatter, g: Value) {
  const [x, , update] = node.inputs as [Value, Value, Value];
  const isZero = (value: Value) => b.op("Equal", [value, constantLike(b, value, 0)]);
  const filled = (value: Value) => where(b, isZero(value), constantLike(b, value, 1), value);
  const ofUpdate = () => {
    const zero = isZero(update);
    const rest = write(filled(x), filled(update), "mul");
    const zeros = write(indicator(b, isZero(x), g), indicator(b, zero, g), "add");
    const isOnly = b.op("And", [zero, b.op("Equal", [read(zeros), constantLike(b, g, 1)])]);
    const others = dropWhere(b, zero, div(b, read(node.outputs[0]!), filled(update)));
    return mul(b, read(g), where(b, isOnly, read(rest), others));
  };
  return {
    data: () => mul(b, g, write(onesLike(b, g), update, "mul")),
    update: ofUpdate,
  };
}

/** Everyone who holds the extremum gets the gradient; ties share it. */
function extremumGrad({ b, node, read, write }: Scatter, g: Value) {
  const [x, , update] = node.inputs as [Value, Value, Value];
  const y = node.outputs[0]!;
  const one = constantLike(b, g, 1);
  const zero = constantLike(b, g, 0);
  const own = b.op("Where", [b.op("Equal", [x, y]), one, zero]);
  const hit = b.op("Equal", [update, read(y)]);
  const share = div(b, g, write(own, b.op("Where", [hit, one, zero]), "add"));
  return { data: () => mul(b, own, share), update: () => keepWhere(b, hit, read(share)) };
}

const onesLike = (b: GraphBuilder, x: Value): Value =>
  b.op("Expand", [constantLike(b, x, 1), shapeOf(b, x)]);

const scatterRule =
  (access: (b: GraphBuilder, node: Node) => Omit<Scatter, "b" | "node">) =>
  (node: Node, { builder: b, outputGrads: [g], needs }: GradContext) => {
    if (g === undefined) return [];
    const rule = scatterGrads[stringOf(node, "reduction", "none")]!;
    const { data, update } = rule({ b, node, ...access(b, node) }, g);
    return [needs(0) ? data() : undefined, undefined, needs(2) ? update() : undefined];
  };

const scatterElements: GradRule = scatterRule((b, node) => {
  const indices = node.inputs[1]!;
  const axis = intOf(node, "axis", 0);
  return {
    read: (source) => b.op("GatherElements", [source, indices], { axis }),
    write: (base, update, reduction = "none") =>
      b.op("ScatterElements", [base, indices, update], { axis, reduction }),
  };
});

const scatterND: GradRule = scatterRule((b, node) => {
  const indices = node.inputs[1]!;
  return {
    read: (source) => b.op("GatherND", [source, indices]),
    write: (base, update, reduction = "none") =>
      b.op("ScatterND", [base, indices, update], { reduction }),
  };
});

const topK = linear(({ b, node, g, x }) =>
  scatterAdd(b, x, node.outputs[1]!, g, intOf(node, "axis", -1))
);

/** The same sum from the other end. */
const cumSum = linear(({ b, node, g }) =>
  b.op("CumSum", [g, node.inputs[1]], {
    exclusive: intOf(node, "exclusive", 0),
    reverse: 1 - intOf(node, "reverse", 0),
  })
);

/** y = off + hot · (on − off), so the two values share the gradient. */
const oneHot: GradRule = (node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined || !needs(2)) return [];
  const [indices, depth] = node.inputs as [Value, Value];
  const bits = b.op("Concat", [zeroOne(b, g, 0), zeroOne(b, g, 1)], { axis: 0 });
  const hot = b.op("OneHot", [indices, depth, bits], { axis: intOf(node, "axis", -1) });
  const on = b.op("ReduceSum", [mul(b, g, hot)], { keepdims: 0 });
  const off = sub(b, b.op("ReduceSum", [g], { keepdims: 0 }), on);
  const parts = [off, on].map((part) => b.op("Reshape", [part, b.int64s([1])]));
  return [undefined, undefined, b.op("Concat", parts, { axis: 0 })];
};

const zeroOne = (b: GraphBuilder, like: Value, bit: number): Value =>
  b.op("Reshape", [constantLike(b, like, bit), b.int64s([1])]);

/** Without an axis the input counts as flat. */
const compress = linear(({ b, node, g, x }: UnaryArgs) => {
  const picked = b.op("Squeeze", [b.op("NonZero", [node.inputs[1]!]), b.int64s([0])]);
  if (node.attributes["axis"] !== undefined) {
    const axis = normalizeAxis(intOf(node, "axis", 0), rankOf(b, x));
    return gatherGrad(b, g, picked, axis, dimOf(b, x, axis));
  }
  const flat = gatherGrad(b, g, picked, 0, b.op("Reshape", [b.op("Size", [x]), b.int64s([1])]));
  return b.op("Reshape", [flat, shapeOf(b, x)]);
});

/** Each value comes from the first element that has it; without an axis the input counts as flat. */
const unique = linear(({ b, node, g, x }: UnaryArgs) => {
  const first = node.outputs[1]!;
  if (node.attributes["axis"] !== undefined) {
    const axis = normalizeAxis(intOf(node, "axis", 0), rankOf(b, x));
    return gatherGrad(b, g, first, axis, dimOf(b, x, axis));
  }
  const flat = gatherGrad(b, g, first, 0, b.op("Reshape", [b.op("Size", [x]), b.int64s([1])]));
  return b.op("Reshape", [flat, shapeOf(b, x)]);
});

/** start + i · delta */
const rangeRule: GradRule = (_node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined) return [];
  const sum = (value: Value) => b.op("ReduceSum", [value], { keepdims: 0 });
  const steps = () => castLike(b, iotaAlong(b, dimOf(b, g, 0), 0, 1), g);
  return [
    needs(0) ? sum(g) : undefined,
    undefined,
    needs(2) ? sum(mul(b, g, steps())) : undefined,
  ];
};

/** Rules of ops that pick or place elements by index. */
export const indexingRules = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  TopK: topK,
  CumSum: cumSum,
  OneHot: oneHot,
  Compress: compress,
  Unique: Object.assign(unique, { readsOutputs: 2 }),
  Range: rangeRule,
} satisfies GradRules;
