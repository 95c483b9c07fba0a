/** Mixtures of experts whose weights are packed integers of 4 or 8 bits. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { intOf, stringOf } from "../engine/attributes.ts";
import { reshape, sizePart } from "../engine/dynamic_shape.ts";
import { castLike, constantLike, mul, reshapeLike, sub } from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { mixture } from "./experts.ts";

/** The runtime unpacks constant weights once. Shares add up to 1, whatever the node says of them. */
const packedMixture: Decomposition = (node, b) => {
  const [, , inner, innerScales, innerBias, outer, outerScales, outerBias, third, ...rest] = node
    .inputs as Value[];
  const [, , innerPoints, outerPoints, , shares] = rest;
  refuse(node, Boolean(third), "it has a third layer");
  refuse(node, Boolean(shares), "its routing weights are given beside the logits");
  const type = stringOf(node, "quant_type", "int");
  refuse(node, type !== "int", `its quant_type is "${type}"`);
  const bits = intOf(node, "expert_weight_bits", 4);
  refuse(node, bits !== 4 && bits !== 8, `its weights have ${bits} bits, expected 4 or 8`);
  const isPrepacked = intOf(node, "weights_prepacked", -1) === 1;
  refuse(node, isPrepacked, "its weights are laid out for one kind of processor");
  return [mixture(b, node, {
    inner: unpack(b, bits, [inner!, innerScales!, innerPoints]),
    innerBias,
    outer: unpack(b, bits, [outer!, outerScales!, outerPoints]),
    outerBias,
    isNormalized: true,
  })];
};

/** (q − zero point) · scale, [E, rows, width]; scales have one entry a row, or one a block of it. */
function unpack(
  b: GraphBuilder,
  bits: number,
  [packed, scales, points]: readonly [Value, Value, Value | undefined],
): Value {
  const q = castLike(b, integers(b, packed, bits), scales);
  const columns = b.rank(scales) === 2 ? b.op("Unsqueeze", [scales, b.int64s([-1])]) : scales;
  const blocks = reshape(b, q, [0, 0, sizePart(b, columns, 2), -1]);
  const column = (value: Value) => b.op("Unsqueeze", [value, b.int64s([-1])]);
  const origin = points
    ? column(reshapeLike(b, castLike(b, integers(b, points, bits), scales), columns))
    : constantLike(b, scales, 2 ** (bits - 1));
  return reshapeLike(b, mul(b, sub(b, blocks, origin), column(columns)), q);
}

/** Integers of a row; of 4 bits two in a byte, the lower bits first. */
function integers(b: GraphBuilder, packed: Value, bits: number): Value {
  if (bits === 8) return packed;
  const low = b.op("BitwiseAnd", [packed, b.scalar(15, "uint8")]);
  const high = b.op("BitShift", [packed, b.scalar(4, "uint8")], { direction: "RIGHT" });
  const pairs = [low, high].map((half) => b.op("Unsqueeze", [half, b.int64s([-1])]));
  const joined = b.op("Concat", pairs, { axis: -1 });
  return b.rank(packed) === 2 ? reshape(b, joined, [0, -1]) : reshape(b, joined, [0, 0, -1]);
}

/** Decompositions of packed mixtures of experts. */
export const packedExpertDecompositions = {
  "com.microsoft.QMoE": packedMixture,
} satisfies Decompositions;
