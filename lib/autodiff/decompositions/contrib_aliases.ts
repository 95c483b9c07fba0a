/** Ops of com.microsoft that are ops of ai.onnx under another name, or short expressions of them. @module */
import { float, type GraphBuilder, type Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf, stringOf } from "../engine/attributes.ts";
import { reshape, sizePart } from "../engine/dynamic_shape.ts";
import {
  add,
  castTo,
  constantLike,
  mul,
  range,
  rankOf,
  reduceSum,
  reshapeLike,
  sub,
} from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { splitHeads } from "./attention_core.ts";

/** The op of ai.onnx that takes the same inputs and attributes. */
const same = (opType: string): Decomposition => (node, b) =>
  b.node(opType, node.inputs.map((name) => name || undefined), {
    attributes: node.attributes,
    outputs: node.outputs.length,
  });

const expandDims: Decomposition = (node, b) => {
  const axis = b.op("Reshape", [castTo(b, node.inputs[1]!, "int64"), b.int64s([1])]);
  return [b.op("Unsqueeze", [node.inputs[0], axis])];
};

/** The inverse comes before the counts here, and there are no first indices. */
const unique: Decomposition = (node, b) => {
  const [y, , inverse, counts] = b.node("Unique", [node.inputs[0]], {
    attributes: { sorted: 0 },
    outputs: 4,
  });
  return [y!, inverse!, counts!];
};

const embedding: Decomposition = (
  node,
  b,
) => [b.op("Gather", node.inputs.slice(0, 2), { axis: 0 })];

const sum = (b: GraphBuilder, parts: readonly (Value | undefined)[]): Value =>
  parts.filter((part) => part !== undefined && part !== "").reduce((x, z) => add(b, x!, z!))!;

/** x + bias + skip */
const biasAdd: Decomposition = (node, b) => [sum(b, node.inputs.slice(0, 3))];

/** x + y · gate */
const gatedAdd: Decomposition = (node, b) => {
  const [x, y, gate] = node.inputs as [Value, Value, Value];
  return [add(b, x, mul(b, y, gate))];
};

/** Groups as long as the scale are normalised, then multiplied by the SiLU of their gates. */
const gatedRmsNorm: Decomposition = (node, b) => {
  const [x, factor, gate] = node.inputs as [Value, Value, Value];
  const groups = reshape(b, x, [-1, sizePart(b, factor, 0)]);
  const y = b.op("SimplifiedLayerNormalization", [groups, factor], {
    axis: -1,
    epsilon: float(floatOf(node, "epsilon", 1e-6)),
    stash_type: 1,
  });
  return [mul(b, reshapeLike(b, y, x), mul(b, gate, b.op("Sigmoid", [gate])))];
};

/** Without training nothing is dropped. */
const biasDropout: Decomposition = (node, b) => {
  const training = node.inputs[4] ? b.constantOf(node.inputs[4]) : undefined;
  refuse(node, Boolean(node.inputs[4]) && Number(training?.data[0] ?? 1) !== 0, "it is training");
  return [sum(b, node.inputs.slice(0, 3)), ""];
};

/** The first half times the GELU of the second. */
const biasSplitGelu: Decomposition = (node, b) => {
  const [left, right] = b.node("Split", [sum(b, node.inputs)], {
    attributes: { axis: -1, num_outputs: 2 },
    outputs: 2,
  });
  return [mul(b, left!, b.op("Gelu", [right!], {}, "com.microsoft"))];
};

const gemmFastGelu: Decomposition = (node, b) => {
  const [x, w, bias] = node.inputs;
  return [b.op("FastGelu", [b.op("MatMul", [x, w]), bias || undefined], {}, "com.microsoft")];
};

/** Distances between the rows of two matrices. */
const cDist: Decomposition = (node, b) => {
  const [x, z] = node.inputs;
  const rows = b.op("Unsqueeze", [x, b.int64s([1])]);
  const difference = sub(b, rows, b.op("Unsqueeze", [z, b.int64s([0])]));
  const metric = stringOf(node, "metric", "sqeuclidean");
  const op = metric === "euclidean" ? "ReduceL2" : "ReduceSumSquare";
  return [b.op(op, [difference, b.int64s([2])], { keepdims: 0 })];
};

/** Words, positions and segments added up, then normalised; of a mask, how many tokens each row has. */
const embedLayerNorm: Decomposition = (node, b) => {
  const [ids, segmentIds, words, places, segments, gamma, beta, mask, positionIds] = node.inputs;
  const batch = b.op("Shape", [ids], { start: 0, end: 1 });
  const count = mask
    ? b.op("ReduceSum", [mask, b.int64s([1])], { keepdims: 0 })
    : b.op("Expand", [b.scalar(0, "int32"), batch]);
  const rows = (table: Value, index: Value) => b.op("Gather", [table, index], { axis: 0 });
  const length = b.op("Shape", [ids], { start: 1, end: 2 });
  const first = b.op("Slice", [places, b.int64s([0]), length, b.int64s([0])]);
  const total = sum(b, [
    rows(words!, ids!),
    positionIds ? rows(places!, positionIds) : first,
    segments && segmentIds ? rows(segments, segmentIds) : undefined,
  ]);
  const epsilon = float(floatOf(node, "epsilon", 1e-12));
  return [b.op("LayerNormalization", [total, gamma, beta], { axis: -1, epsilon }), count, total];
};

/** q cos(e) + q' sin(e), the same for keys; the angles have no axis for heads. */
const gemmaRotary: Decomposition = (node, b) => {
  const [angles, q, turnedQ, k, turnedK] = node.inputs as [Value, Value, Value, Value, Value];
  const wave = (opType: string) => b.op("Unsqueeze", [b.op(opType, [angles]), b.int64s([1])]);
  const [cos, sin] = [wave("Cos"), wave("Sin")];
  const turn = (x: Value, turned: Value) => {
    const narrow = (value: Value) => castTo(b, value, b.dtype(x));
    return add(b, mul(b, x, narrow(cos)), mul(b, turned, narrow(sin)));
  };
  return [turn(q, turnedQ), turn(k, turnedK)];
};

/** Gates of the query scale the relative position bias (WavLM, Chen et al. 2022). */
const gatedPositionBias: Decomposition = (node, b) => {
  const [query, queryBias, positions, weight, bias, factor] = node.inputs as [
    ...[Value, Value, Value, Value, Value, Value],
    Value?,
  ];
  refuse(node, Boolean(node.inputs[6]), "it takes packed tokens", "Export it without packing");
  const heads = splitHeads(b, add(b, query, queryBias), intOf(node, "num_heads", 1));
  const mixed = add(b, b.op("MatMul", [heads, weight]), bias);
  const halves = reshape(b, mixed, [0, 0, 0, 2, -1]);
  const gates = b.op("Sigmoid", [reduceSum(b, halves, [4], false)]);
  const [update, reset] = b.node("Split", [gates], {
    attributes: { axis: -1, num_outputs: 2 },
    outputs: 2,
  });
  const one = constantLike(b, query, 1);
  const inner = mul(b, update!, sub(b, mul(b, reset!, factor), one));
  return [mul(b, add(b, inner, constantLike(b, query, 2)), positions)];
};

/** Windows of `size` along an axis, `step` apart, as a new last axis. */
const unfold: Decomposition = (node, b) => {
  const x = node.inputs[0]!;
  const rank = rankOf(b, x);
  const axis = (intOf(node, "dim", -1) + rank) % rank;
  const [size, step] = [intOf(node, "size", 1), intOf(node, "step", 1)];
  const length = b.dims(x)?.[axis];
  refuse(node, typeof length !== "number", "the length of its axis is known at run time only");
  const count = Math.floor((Number(length) - size) / step) + 1;
  const places = range(count * size).map((i) => Math.floor(i / size) * step + i % size);
  const index = b.op("Reshape", [b.int64s(places), b.int64s([count, size])]);
  const windows = b.op("Gather", [x, index], { axis });
  const others = range(rank + 1).filter((i) => i !== axis + 1);
  return [b.op("Transpose", [windows], { perm: [...others, axis + 1] })];
};

/** Pads that are not known while building are cut off afterwards. */
const convTranspose: Decomposition = (node, b) => {
  const [x, w, pads, bias] = node.inputs as [Value, Value, Value?, Value?];
  const { pads: _, ...attributes } = node.attributes;
  const full = b.op("ConvTranspose", [x, w, bias || undefined], attributes);
  if (!pads) return [full];
  const axes = rankOf(b, x) - 2;
  const negative = b.op("Neg", [castTo(b, pads, "int64")]);
  const [begin, end] = b.node("Split", [negative, b.int64s([axes, axes])], { outputs: 2 });
  const none = b.int64s([0, 0]);
  return [b.op("Pad", [full, b.op("Concat", [none, begin!, none, end!], { axis: 0 })])];
};

/** Groups of channels, channels last by default, with SiLU after it if asked for. */
function groupNorm(b: GraphBuilder, node: Node, x: Value): Value {
  const [, gamma, beta] = node.inputs as [Value, Value, Value];
  const last = intOf(node, "channels_last", 1) === 1;
  const planes = last ? b.op("Transpose", [x], { perm: [0, 3, 1, 2] }) : x;
  const groups = intOf(node, "groups", 1);
  const each = (value: number) => b.op("Expand", [constantLike(b, x, value), b.int64s([groups])]);
  const normal = b.op("InstanceNormalization", [
    reshape(b, planes, [0, groups, -1]),
    each(1),
    each(0),
  ], { epsilon: float(floatOf(node, "epsilon", 1e-5)) });
  const column = (value: Value) =>
    b.op("Reshape", [castTo(b, value, b.dtype(x)), b.int64s([-1, 1, 1])]);
  const scaled = add(b, mul(b, reshapeLike(b, normal, planes), column(gamma)), column(beta));
  const y = intOf(node, "activation", 0) === 1 ? mul(b, scaled, b.op("Sigmoid", [scaled])) : scaled;
  return last ? b.op("Transpose", [y], { perm: [0, 2, 3, 1] }) : y;
}

/** Adds a skip, per pixel or per image, and a bias first. */
const skipGroupNorm: Decomposition = (node, b) => {
  const [x, , , skip, bias] = node.inputs as [Value, Value, Value, Value, Value?];
  const wide = b.rank(skip) === 2 ? reshape(b, skip, [0, 1, 1, sizePart(b, skip, 1)]) : skip;
  const total = sum(b, [x, wide, bias]);
  return [groupNorm(b, node, total), total];
};

/** Decompositions of ops that have a form in ai.onnx. */
export const contribAliasDecompositions = {
  "com.microsoft.GatedAdd": gatedAdd,
  "com.microsoft.GatedRMSNorm": gatedRmsNorm,
  "com.microsoft.GridSample": same("GridSample"),
  "com.microsoft.Trilu": same("Trilu"),
  "com.microsoft.Pad": same("Pad"),
  "com.microsoft.GatherND": same("GatherND"),
  "com.microsoft.Range": same("Range"),
  "com.microsoft.ExpandDims": expandDims,
  "com.microsoft.Unique": unique,
  "com.microsoft.TorchEmbedding": embedding,
  "com.microsoft.BiasAdd": biasAdd,
  "com.microsoft.BiasDropout": biasDropout,
  "com.microsoft.BiasSplitGelu": biasSplitGelu,
  "com.microsoft.GemmFastGelu": gemmFastGelu,
  "com.microsoft.CDist": cDist,
  "com.microsoft.EmbedLayerNormalization": embedLayerNorm,
  "com.microsoft.GemmaRotaryEmbedding": gemmaRotary,
  "com.microsoft.GatedRelativePositionBias": gatedPositionBias,
  "com.microsoft.UnfoldTensor": unfold,
  "com.microsoft.ConvTransposeWithDynamicPads": convTranspose,
  "com.microsoft.GroupNorm": (node, b) => [groupNorm(b, node, node.inputs[0]!)],
  "com.microsoft.SkipGroupNorm": skipGroupNorm,
} satisfies Decompositions;
