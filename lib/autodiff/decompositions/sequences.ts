/**
 * Replaces reads of a sequence by reads of its tensors, where it is known what the sequence holds.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Model, Node } from "../../onnx/ir/model.ts";
import { intOf } from "../engine/attributes.ts";
import { explained } from "../engine/explain.ts";
import { constantInts, range } from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import { rewriteNodes } from "../engine/rewrite.ts";
import { stack } from "./loops.ts";

/** What each sequence holds. */
type Sequences = Map<Value, readonly Value[]>;

/** What a node makes: a sequence, or a tensor instead of its output. */
interface Made {
  readonly sequence?: readonly Value[] | undefined;
  readonly value?: Value | undefined;
}

interface Args {
  readonly b: GraphBuilder;
  readonly node: Node;
  /** What the first input holds, if it is a known sequence. */
  readonly items: readonly Value[] | undefined;
}

const makers: Readonly<Record<string, (args: Args) => Made>> = {
  SequenceConstruct: ({ node }) => ({ sequence: node.inputs }),
  SequenceEmpty: () => ({ sequence: [] }),
  SplitToSequence: ({ b, node }) => ({ sequence: split(b, node) }),
  Identity: ({ items }) => ({ sequence: items }),
  SequenceInsert: ({ b, node, items }) => {
    const at = items && place(b, node.inputs[2], items.length, items.length);
    return { sequence: at === undefined ? undefined : items!.toSpliced(at, 0, node.inputs[1]!) };
  },
  SequenceErase: ({ b, node, items }) => {
    const at = items && place(b, node.inputs[1], items.length, items.length - 1);
    return { sequence: at === undefined ? undefined : items!.toSpliced(at, 1) };
  },
  SequenceAt: ({ b, node, items }) => {
    const at = items && place(b, node.inputs[1], items.length, 0);
    return { value: at === undefined ? undefined : items![at] };
  },
  SequenceLength: ({ b, items }) => ({ value: items && b.scalar(items.length, "int64") }),
  ConcatFromSequence: ({ b, node, items }) => {
    if (!items?.length) return {};
    const axis = intOf(node, "axis", 0);
    const joins = intOf(node, "new_axis", 0) === 0;
    return { value: joins ? b.op("Concat", items, { axis }) : stack(b, items, axis) };
  },
};

/** Replaces what is read from sequences whose length and contents are known. */
export function resolveSequences(model: Model): Model {
  const known: Sequences = new Map();
  const concerns = ({ opType, domain }: Node) =>
    domain === "" && opType !== "Identity" && Object.hasOwn(makers, opType);
  if (!model.graph.nodes.some(concerns)) return model;
  return rewriteNodes(model, (node, b) => {
    const isMaker = node.domain === "" && Object.hasOwn(makers, node.opType);
    const maker = isMaker ? makers[node.opType] : undefined;
    const items = known.get(node.inputs[0] ?? "");
    const made = maker && explained(node, b, () => maker({ b, node, items }));
    if (made?.sequence !== undefined) known.set(node.outputs[0]!, made.sequence);
    return made?.value === undefined ? undefined : [made.value];
  });
}

/** A known position from the front; `undefined` if it is not known. */
function place(
  b: GraphBuilder,
  position: Value | undefined,
  length: number,
  otherwise: number,
): number | undefined {
  if (!position) return otherwise;
  const known = constantInts(b, position)?.[0];
  return known === undefined ? undefined : normalizeAxis(known, length);
}

/** The pieces of a split whose sizes are known. */
function split(b: GraphBuilder, node: Node): readonly Value[] | undefined {
  const [x, sizes] = node.inputs as [Value, Value?];
  const rank = b.rank(x);
  if (rank === undefined) return undefined;
  const axis = normalizeAxis(intOf(node, "axis", 0), rank);
  const length = b.dims(x)?.[axis];
  const given = sizes ? constantInts(b, sizes) : [1];
  if (given === undefined || typeof length !== "number") return undefined;
  const scalar = !sizes || b.rank(sizes) === 0;
  const parts = scalar ? chunks(length, given[0]!) : given;
  const pieces = b.node("Split", [x, b.int64s(parts)], {
    attributes: { axis },
    outputs: parts.length,
  });
  if (sizes || intOf(node, "keepdims", 1) === 1) return pieces;
  return pieces.map((piece) => b.op("Squeeze", [piece, b.int64s([axis])]));
}

function chunks(length: number, size: number): number[] {
  return range(Math.ceil(length / size)).map((i) => Math.min(size, length - i * size));
}
