/**
 * Activity analysis: which nodes lie on a path of float values from what is varied to what is
 * differentiated. Nothing else gets an adjoint.
 *
 * @module
 */
import type { Graph, Node, ValueType } from "../../onnx/ir/model.ts";
import { isFloatType } from "../../onnx/ir/data_type.ts";
import { valuesRead } from "../../onnx/ir/values_read.ts";

/** The nodes on a path, in the order of the graph, and the values that carry a gradient. */
export interface Activity {
  readonly nodes: readonly Node[];
  readonly values: ReadonlySet<string>;
}

/** Looks up the type of any value of a graph. */
export function typesOf(graph: Graph): (name: string) => ValueType | undefined {
  const declared = new Map(
    [...graph.inputs, ...graph.outputs].map(({ name, type }) => [name, type]),
  );
  return (name) => {
    const weight = graph.initializers.get(name);
    if (weight !== undefined) return { kind: "tensor", dtype: weight.dtype, dims: weight.dims };
    return graph.values.get(name) ?? declared.get(name);
  };
}

/** Whether a value of this type can have a gradient; an unknown type may. */
export function isDifferentiable(type: ValueType | undefined): boolean {
  if (type === undefined || type.kind === "unknown") return true;
  if (type.kind !== "tensor") return isDifferentiable(type.element);
  return isFloatType(type.dtype);
}

/** How gradients pass a node. */
export interface Passage {
  /** Whether a node passes no gradient to any of its inputs. */
  stops(node: Node): boolean;
  /** Whether an output of a node on the path has a gradient, in view of its type. */
  carries(node: Node, output: number, type: ValueType | undefined): boolean;
}

/** Marks the path from `wrt` to `targets`. */
export function findActivity(
  graph: Graph,
  wrt: readonly string[],
  targets: readonly string[],
  passage: Passage,
): Activity {
  const { nodes, values } = forward(graph, wrt, passage);
  return backward(nodes, values, targets);
}

/** All ways from a value to `targets`, and the nodes on them at which its gradient ends. */
export function findEnds(
  graph: Graph,
  from: string,
  targets: readonly string[],
  passage: Passage,
): { readonly ways: Activity; readonly ends: readonly Node[] } {
  const ways = findActivity(graph, [from], targets, { stops: () => false, carries: () => true });
  const active = forward(graph, [from], passage).values;
  const ends = ways.nodes.filter((node) =>
    valuesRead(node).some((name) => active.has(name)) &&
    node.outputs.some((name) => ways.values.has(name) && !active.has(name))
  );
  return { ways, ends };
}

/** The nodes that vary with `wrt`, and the values that carry a gradient from there. */
function forward(graph: Graph, wrt: readonly string[], passage: Passage): Activity {
  const typeOf = typesOf(graph);
  const active = new Set(wrt);
  const varied = graph.nodes.filter((node) => {
    if (passage.stops(node) || !valuesRead(node).some((name) => active.has(name))) return false;
    const outputs = node.outputs.filter((name, i) =>
      name !== "" && passage.carries(node, i, typeOf(name))
    );
    for (const name of outputs) active.add(name);
    return outputs.length > 0;
  });
  return { nodes: varied, values: active };
}

/** The varying nodes on which a target depends. */
function backward(
  varied: readonly Node[],
  active: ReadonlySet<string>,
  targets: readonly string[],
): Activity {
  const values = new Set(targets.filter((name) => active.has(name)));
  const nodes = varied.toReversed().filter((node) => {
    if (!node.outputs.some((name) => values.has(name))) return false;
    for (const name of valuesRead(node)) if (active.has(name)) values.add(name);
    return true;
  });
  return { nodes: nodes.toReversed(), values };
}
