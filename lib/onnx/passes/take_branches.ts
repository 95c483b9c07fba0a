/** Puts the taken branch of an `If` whose condition is known in its place. @module */
import type { Graph, Node, Weight } from "../ir/model.ts";
import { renameNode } from "../ir/rename.ts";

/** What replaces an `If`. */
export interface TakenBranch {
  readonly nodes: readonly Node[];
  readonly initializers: ReadonlyMap<string, Weight>;
}

/**
 * The branch that is run if the condition is `condition`. Its values get the node's first output as
 * prefix: names of nodes need not be unique, those of values are.
 */
export function takeBranch(node: Node, condition: boolean): TakenBranch | undefined {
  const branch = node.attributes[condition ? "then_branch" : "else_branch"];
  if (branch?.type !== "graph") return undefined;
  const graph = branch.value;
  const prefix = node.outputs.find((name) => name !== "") ?? node.name;
  const own = definedIn(graph);
  const rename = (name: string) => own.has(name) ? `${prefix}/${name}` : name;
  const nodes = graph.nodes.map((inner) => ({
    ...renameNode(inner, rename),
    name: inner.name && `${prefix}/${inner.name}`,
  }));
  const results = graph.outputs.map(({ name }, i) => identity(rename(name), node.outputs[i] ?? ""));
  return {
    nodes: [...nodes, ...results.filter((n) => n.outputs[0] !== "")],
    initializers: new Map([...graph.initializers].map(([name, w]) => [rename(name), w])),
  };
}

function definedIn(graph: Graph): ReadonlySet<string> {
  return new Set([...graph.initializers.keys(), ...graph.nodes.flatMap((node) => node.outputs)]);
}

function identity(input: string, output: string): Node {
  return {
    name: "",
    opType: "Identity",
    domain: "",
    inputs: [input],
    outputs: [output],
    attributes: {},
  };
}
