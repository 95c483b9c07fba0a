/** Checks that the bodies of If, Loop and Scan take and give what their nodes do. @module */
import type { Graph, Node } from "./model.ts";

/** Numbers of inputs and outputs of a body; of outputs at least. */
interface Counts {
  readonly inputs: number;
  readonly outputs: number;
}

type CountsOf = (node: Node, opset: number) => Counts;

/** Bodies by operator and attribute. A condition and a number of rounds are no values of the node. */
const bodies: Readonly<Record<string, Readonly<Record<string, CountsOf>>>> = {
  If: {
    then_branch: ({ outputs }) => ({ inputs: 0, outputs: outputs.length }),
    else_branch: ({ outputs }) => ({ inputs: 0, outputs: outputs.length }),
  },
  Loop: {
    body: ({ inputs, outputs }) => ({
      inputs: Math.max(2, inputs.length),
      outputs: 1 + outputs.length,
    }),
  },
  Scan: {
    // Up to operator set 8, the lengths of sequences come first.
    body: ({ inputs, outputs }, opset) => ({
      inputs: opset < 9 ? inputs.length - 1 : inputs.length,
      outputs: outputs.length,
    }),
  },
};

/** What is wrong with the bodies of a node of ai.onnx, continuing "Cannot use … node: ". */
export function bodyProblems(node: Node, opset: number): string[] {
  return Object.entries(bodies[node.opType] ?? {}).flatMap(([name, countsOf]) => {
    const attribute = node.attributes[name];
    if (attribute?.type !== "graph") return [];
    return mismatches(name, attribute.value, countsOf(node, opset));
  });
}

function mismatches(name: string, body: Graph, { inputs, outputs }: Counts): string[] {
  const [taken, given] = [body.inputs.length, body.outputs.length];
  return [
    ...(taken === inputs ? [] : [`its ${name} takes ${taken} values, but gets ${inputs}`]),
    ...(given >= outputs ? [] : [`its ${name} gives ${given} values, expected ${outputs}`]),
  ];
}
