/** Unrolls loops whose number of rounds is known; the walk back then sees each round. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { intOf, intsOf } from "../engine/attributes.ts";
import { range, rankOf } from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import { refuse } from "../engine/refuse.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { inlineGraph, subgraphOf } from "./inline_graph.ts";

/** What to do about a loop that cannot be unrolled. */
const unknownLength = "Give the length as a constant, or fix the sizes of the inputs it depends on";

/** Unrolled graphs grow with the number of rounds. */
const maxRounds = 4096;

const loop: Decomposition = (node, b) => {
  const [limit, condition, ...initial] = node.inputs as [Value, Value, ...Value[]];
  const body = subgraphOf(node, "body");
  const rounds = limit ? knownNumber(b, node, limit, "the number of iterations") : Infinity;
  let goesOn = condition || b.scalar(1, "bool");
  let carried: readonly Value[] = initial;
  const collected: Value[][] = [];
  for (let round = 0; round < rounds; round++) {
    if (knownNumber(b, node, goesOn, "the condition to go on") === 0) break;
    refuse(node, round >= maxRounds, `it has more than ${maxRounds} iterations`);
    const results = inlineGraph(b, body, [b.scalar(round, "int64"), goesOn, ...carried]);
    goesOn = results[0]!;
    carried = results.slice(1, 1 + initial.length);
    collected.push(results.slice(1 + initial.length));
  }
  const count = body.outputs.length - 1 - initial.length;
  refuse(
    node,
    count > 0 && collected.length === 0,
    "it has no iterations, but outputs per iteration",
  );
  const stacks = range(count).map((i) => stack(b, collected.map((round) => round[i]!), 0));
  return [...carried, ...stacks];
};

const scan: Decomposition = (node, b) => {
  const body = subgraphOf(node, "body");
  const inputs = intOf(node, "num_scan_inputs", 1);
  const states = node.inputs.length - inputs;
  const columns = node.inputs.slice(states).map((x, i) => slices(b, node, x, i));
  let carried: readonly Value[] = node.inputs.slice(0, states);
  const collected = columns[0]!.map((_, round) => {
    const results = inlineGraph(b, body, [...carried, ...columns.map((part) => part[round]!)]);
    carried = results.slice(0, states);
    return results.slice(states);
  });
  const stacks = range(body.outputs.length - states).map((i) => {
    const parts = collected.map((round) => round[i]!);
    const reversed = intsOf(node, "scan_output_directions")?.[i] === 1;
    return stack(
      b,
      reversed ? parts.toReversed() : parts,
      intsOf(node, "scan_output_axes")?.[i] ?? 0,
    );
  });
  return [...carried, ...stacks];
};

/** Decompositions of loops. */
export const loopDecompositions = { Loop: loop, Scan: scan } satisfies Decompositions;

function knownNumber(b: GraphBuilder, node: Node, value: Value, what: string): number {
  const known = b.constantOf(value);
  refuse(
    node,
    known === undefined,
    `${what} ("${value}") is known at run time only`,
    unknownLength,
  );
  return Number(known!.data[0]);
}

/** The elements of a scanned input along its axis, in the order of the rounds. */
function slices(b: GraphBuilder, node: Node, x: Value, index: number): Value[] {
  const axis = normalizeAxis(intsOf(node, "scan_input_axes")?.[index] ?? 0, rankOf(b, x));
  const length = b.dims(x)?.[axis];
  refuse(
    node,
    typeof length !== "number",
    `the length of "${x}" is known at run time only`,
    unknownLength,
  );
  const parts = unstack(b, x, axis, Number(length));
  return intsOf(node, "scan_input_directions")?.[index] === 1 ? parts.toReversed() : parts;
}

/** The elements along an axis, without it. */
export function unstack(b: GraphBuilder, x: Value, axis: number, count: number): Value[] {
  const sizes = b.int64s(range(count).map(() => 1));
  const parts = b.node("Split", [x, sizes], { attributes: { axis }, outputs: count });
  return parts.map((part) => b.op("Squeeze", [part, b.int64s([axis])]));
}

/** Undoes {@link unstack}. */
export function stack(b: GraphBuilder, parts: readonly Value[], axis: number): Value {
  const layers = parts.map((part) => b.op("Unsqueeze", [part, b.int64s([axis])]));
  return b.op("Concat", layers, { axis });
}
