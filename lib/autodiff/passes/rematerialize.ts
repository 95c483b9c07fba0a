/**
 * Recomputation of blocks (Chen et al. 2016): only the few values between blocks are kept for the
 * backward pass, the rest of a block is computed again when its gradient is due. Less memory, at the
 * price of up to one more forward pass.
 *
 * @module
 */
import { type GraphBuilder, impure, type Value } from "../../onnx/build/builder.ts";
import type { Model, Node } from "../../onnx/ir/model.ts";
import { castTo, indicator, mul, widen } from "../engine/expressions.ts";
import type { Activity } from "../engine/activity.ts";
import { valuesRead } from "../../onnx/ir/values_read.ts";

/** Gives the backward pass its nodes: as they are, or computed again. */
export interface Recomputation {
  /** The node as a rule shall see it, given the gradients of its outputs. */
  local(node: Node, outputGrads: readonly (Value | undefined)[]): Node;
  /** The value of the forward pass that a value recomputes. */
  original(value: Value): Value;
}

/** Nothing is computed twice. */
export const keepAll: Recomputation = { local: (node) => node, original: (value) => value };

/** A block narrower than this is not worth its copy of the values that enter it. */
const minNodes = 6;

/** How far to look for a wider place on each side of a narrow one. */
const outlook = 4;

/** Nodes of the graph from `start` to `end`, without `end`. */
interface Block {
  readonly start: number;
  readonly end: number;
}

/** Recomputes every block but the last, whose values the backward pass reads at once. */
export function recomputeBlocks(b: GraphBuilder, model: Model, path: Activity): Recomputation {
  const { nodes } = model.graph;
  const placeOf = new Map(nodes.map((node, place) => [node, place]));
  const blocks = blocksOf(path, placeOf);
  const entered = new Map<Block, ReadonlyMap<Value, Value>>();
  const originals = new Map<Value, Value>();
  const enter = (block: Block, g: Value) => {
    const copies = copyBlock(b, nodes.slice(block.start, block.end), path, g);
    for (const [value, copy] of copies) if (copy !== value) originals.set(copy, value);
    entered.set(block, copies);
  };
  return {
    local(node, outputGrads) {
      const place = placeOf.get(node)!;
      const block = blocks.find(({ start, end }) => start <= place && place < end);
      if (block === undefined || !isRepeatable(node)) return node;
      const g = outputGrads.find((grad) => grad !== undefined);
      if (!entered.has(block) && g !== undefined) enter(block, g);
      return renamed(node, entered.get(block) ?? new Map());
    },
    original: (value) => originals.get(value) ?? value,
  };
}

function renamed(node: Node, copies: ReadonlyMap<Value, Value>): Node {
  const rename = (value: Value) => copies.get(value) ?? value;
  return { ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) };
}

/** Randomness differs when drawn again, and subgraphs read values by names of their own. */
function isRepeatable(node: Node): boolean {
  return !impure.has(node.opType) && valuesRead(node).length === node.inputs.length;
}

/** Computes a block again from the values that enter it, once `g` is known. */
function copyBlock(
  b: GraphBuilder,
  nodes: readonly Node[],
  path: Activity,
  g: Value,
): ReadonlyMap<Value, Value> {
  const copies = new Map<Value, Value>();
  const own = new Set(nodes.flatMap(({ outputs }) => outputs));
  const entering = nodes.flatMap(({ inputs }) => inputs)
    .filter((name) => path.values.has(name) && !own.has(name) && b.rank(name) !== 0);
  for (const name of new Set(entering)) copies.set(name, after(b, name, g));
  for (const node of nodes) {
    if (!isRepeatable(node) || !node.inputs.some((name) => copies.has(name))) continue;
    const { opType, domain, attributes, inputs } = renamed(node, copies);
    const count = node.outputs.length;
    const values = b.node(opType, inputs, { domain, attributes, outputs: count });
    node.outputs.forEach((name, i) => name !== "" && copies.set(name, values[i]!));
  }
  return copies;
}

/**
 * x, but not before g: x + 0, where the zero is computed from g. A runtime that joins equal nodes would
 * undo the recomputation if it could tell this from x.
 */
function after(b: GraphBuilder, x: Value, g: Value): Value {
  const flat = b.op("Reshape", [g, b.int64s([-1])]);
  const first = widen(b, b.op("Slice", [flat, b.int64s([0]), b.int64s([1]), b.int64s([0])]));
  // True also of infinities; of NaN it is false, and the zero is one all the same.
  const fact = indicator(b, b.op("Equal", [first, first]), first);
  return b.op("Add", [x, castTo(b, mul(b, fact, b.scalar(0, b.dtype(first))), b.dtype(x))]);
}

/** Blocks between the places where the path is narrow: where the fewest values are yet to be read. */
function blocksOf(path: Activity, placeOf: ReadonlyMap<Node, number>): readonly Block[] {
  const widths = widthsOf(path);
  const cuts: number[] = [];
  for (const i of widths.keys()) {
    if (isNarrow(widths, i) && i + 1 - (cuts.at(-1) ?? 0) >= minNodes) cuts.push(i + 1);
  }
  const places = [0, ...cuts.map((cut) => placeOf.get(path.nodes[cut - 1]!)! + 1)];
  return places.slice(0, -1).map((start, i) => ({ start, end: places[i + 1]! }));
}

/** After each node of the path, how many values of the path are there that a later node reads. */
function widthsOf({ nodes, values }: Activity): readonly number[] {
  const last = new Map<Value, number>();
  nodes.forEach((node, i) => valuesRead(node).forEach((name) => last.set(name, i)));
  const alive = new Set<Value>();
  return nodes.map((node, i) => {
    for (const name of valuesRead(node)) if (last.get(name) === i) alive.delete(name);
    for (const name of node.outputs) {
      if (values.has(name) && (last.get(name) ?? i) > i) alive.add(name);
    }
    return alive.size;
  });
}

/** Whether nothing close by is narrower, and something on either side is wider. */
function isNarrow(widths: readonly number[], i: number): boolean {
  const width = widths[i]!;
  const left = widths.slice(Math.max(0, i - outlook), i);
  const right = widths.slice(i + 1, i + 1 + outlook);
  return left.some((w) => w > width) && right.some((w) => w > width) &&
    [...left, ...right].every((w) => w >= width);
}
