import { assertEquals } from "@std/assert";
import { checkModel } from "../../lib/onnx/check.ts";
import type { Graph, Model, Node } from "../../lib/onnx/model.ts";
import { printModel } from "../../lib/onnx/print.ts";
import { weightFromTensor } from "../../lib/onnx/weight.ts";
import { fromNumbers } from "../../lib/tensor/convert.ts";

function node(opType: string, inputs: string[], outputs: string[], more: Partial<Node> = {}): Node {
  return { name: "", opType, domain: "", inputs, outputs, attributes: {}, ...more };
}

function modelOf(nodes: readonly Node[], more: Partial<Graph> = {}): Model {
  const graph: Graph = {
    name: "g",
    nodes,
    inputs: [{ name: "x", type: { kind: "tensor", dtype: "float32", dims: ["n", 2] } }],
    outputs: [{ name: "y", type: { kind: "tensor", dtype: "float32", dims: ["n", 2] } }],
    initializers: new Map(),
    values: new Map(),
    ...more,
  };
  return { irVersion: 9, opset: 18, domains: {}, graph, functions: [], metadata: {} };
}

const good = node("Exp", ["x"], ["y"]);
const short = { ...weightFromTensor(fromNumbers("float32", [2], [1, 2])), dims: [3] };

const rows: [name: string, model: Model, messages: string[]][] = [
  ["a valid model", modelOf([good]), []],
  ["a value that nothing defines", modelOf([node("Add", ["x", "w"], ["y"])]), [
    `Cannot read value "w" in Add node "y": nothing defines it`,
  ]],
  ["a wrong order", modelOf([node("Exp", ["h"], ["y"]), node("Abs", ["x"], ["h"])]), [
    `Cannot read value "h" in Exp node "y": it is defined only later`,
  ]],
  ["two definitions", modelOf([good, node("Abs", ["x"], ["y"])]), [
    `Cannot define value "y" by Abs node "y": it is defined already`,
  ]],
  [
    "two nodes of one name",
    modelOf([
      node("Abs", ["x"], ["h"], { name: "a" }),
      node("Exp", ["h"], ["y"], { name: "a" }),
    ]),
    [`Cannot name two nodes "a": names are unique`],
  ],
  ["a missing output", modelOf([]), [`Cannot give output "y": nothing defines it`]],
  ["a domain that is not imported", modelOf([node("Foo", ["x"], ["y"], { domain: "my" })]), [
    `Cannot run Foo node "y": the model does not import domain "my"`,
  ]],
  ["an operator that is not known", modelOf([node("Foo", ["x"], ["y"])]), [
    `Cannot tell the types of Foo node "y": operator Foo is not known`,
  ]],
  ["too few bytes", modelOf([good], { initializers: new Map([["w", short]]) }), [
    `Cannot use weight "w": float32[3] has 12 bytes, there are 8`,
  ]],
  [
    "a declared type that cannot be",
    modelOf([good], {
      outputs: [{ name: "y", type: { kind: "tensor", dtype: "float32", dims: ["n", 3] } }],
    }),
    [`Cannot be float32[n, 3]: value "y" is float32[n, 2]`],
  ],
];

for (const [name, model, messages] of rows) {
  Deno.test(`checkModel() reports ${name}`, () => {
    assertEquals(checkModel(model).map((d) => d.message), messages);
  });
}

Deno.test("printModel() writes a line per value and node", () => {
  const model = modelOf([
    node("LeakyRelu", ["x"], ["h"], { attributes: { alpha: { type: "float", value: 0.5 } } }),
    node("Clip", ["h", "", "w"], ["y"]),
  ], {
    initializers: new Map([["w", weightFromTensor(fromNumbers("float32", [], [1]))]]),
    values: new Map([["h", { kind: "tensor", dtype: "float32", dims: ["?7", 2] }]]),
  });
  assertEquals(
    printModel(model),
    `model ai.onnx 18
graph "g"
  input  x: float32[n, 2]
  weight w: float32[] inline
  h: float32[?, 2] = LeakyRelu(x) {alpha=0.5}
  y: float32[n, 2] = Clip(h, _, w)
  output y: float32[n, 2]
`,
  );
});
