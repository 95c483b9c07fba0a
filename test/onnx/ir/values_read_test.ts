import { assertEquals } from "@std/assert";
import type { Graph, Node } from "../../../lib/onnx/ir/model.ts";
import { capturedBy, namesRead, valuesRead } from "../../../lib/onnx/ir/values_read.ts";

function node(inputs: string[], outputs: string[], ...graphs: Graph[]): Node {
  const attributes = graphs.length === 0
    ? {}
    : { bodies: { type: "graphs", value: graphs } as const };
  return { name: "", opType: "Op", domain: "", inputs, outputs, attributes };
}

function graphOf(nodes: readonly Node[], outputs: readonly string[]): Graph {
  return {
    name: "g",
    nodes,
    inputs: [{ name: "i", type: { kind: "unknown" } }],
    outputs: outputs.map((name) => ({ name, type: { kind: "unknown" } })),
    initializers: new Map(),
    values: new Map(),
  };
}

Deno.test("valuesRead() tells inputs by their places, then what subgraphs capture", () => {
  const inner = graphOf([node(["deep", "made"], ["o"])], ["o"]);
  const body = graphOf([node(["i", "a", ""], ["made"]), node([], ["n"], inner)], ["made", "b"]);
  assertEquals(capturedBy(body), ["a", "deep", "b"]);
  assertEquals(valuesRead(node(["x", "", "a"], ["y"], body, body)), [
    ...["x", "", "a"],
    ...["a", "deep", "b"],
  ]);
  assertEquals(namesRead(node(["x", "", "a"], ["y"])), ["x", "a"]);
});
