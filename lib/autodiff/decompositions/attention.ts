/** The Attention op of opset 23. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf } from "../engine/attributes.ts";
import { sizePart } from "../engine/dynamic_shape.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import {
  attention,
  bothAllowed,
  causalMask,
  mergeHeads,
  positions,
  splitHeads,
  withPast,
} from "./attention_core.ts";

const onnxAttention: Decomposition = (node, b) => {
  const [q, k, v, mask, pastKey, pastValue] = node.inputs as (Value | undefined)[];
  const flat = b.rank(q!) === 3;
  const heads = (x: Value, name: string) => flat ? splitHeads(b, x, intOf(node, name, 1)) : x;
  const queries = heads(q!, "q_num_heads");
  const keys = withPast(b, pastKey, heads(k!, "kv_num_heads"));
  const values = withPast(b, pastValue, heads(v!, "kv_num_heads"));
  const boolean = mask !== undefined && mask !== "" && b.dtype(mask) === "bool";
  const { output, stages } = attention(b, { q: queries, k: keys, v: values }, {
    ...scaleOf(node),
    softcap: floatOf(node, "softcap", 0),
    bias: boolean ? undefined : mask || undefined,
    allowed: bothAllowed(
      b,
      bothAllowed(b, boolean ? mask : undefined, causal(b, node, queries, keys, pastKey)),
      node.inputs[6] ? filled(b, node.inputs[6], keys) : undefined,
    ),
  });
  const stage = stages[[0, 1, 2, 3][intOf(node, "qk_matmul_output_mode", 0)] ?? 0]!;
  return [flat ? mergeHeads(b, output) : output, keys, values, stage];
};

/** The attribute if it is there: 0 is a scale too. */
export function scaleOf(node: Node): { scale?: number } {
  return node.attributes.scale === undefined ? {} : { scale: floatOf(node, "scale", 1) };
}

/** Opset 24: how many keys of each row are not padding. */
function filled(b: GraphBuilder, lengths: Value, keys: Value): Value {
  const column = b.op("Reshape", [lengths, b.int64s([-1, 1, 1, 1])]);
  return b.op("Less", [positions(b, sizePart(b, keys, 2)), column]);
}

/** The first query sees the first key, or the first one after the past. */
function causal(
  b: GraphBuilder,
  node: Node,
  q: Value,
  k: Value,
  past: Value | undefined,
): Value | undefined {
  if (intOf(node, "is_causal", 0) === 0) return undefined;
  return causalMask(b, {
    queries: sizePart(b, q, 2),
    keys: sizePart(b, k, 2),
    offset: past ? sizePart(b, past, 2) : 0,
  });
}

/** Decomposition of Attention. */
export const attentionDecompositions = { Attention: onnxAttention } satisfies Decompositions;
