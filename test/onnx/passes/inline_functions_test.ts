import { assertEquals } from "@std/assert";
import { inlineFunctions } from "../../../lib/onnx/passes/inline_functions.ts";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import type { FunctionDef, Model, Node } from "../../../lib/onnx/ir/model.ts";

const node = (
  opType: string,
  inputs: string[],
  outputs: string[],
  more: Partial<Node> = {},
): Node => ({
  name: "",
  opType,
  domain: "",
  inputs,
  outputs,
  attributes: {},
  ...more,
});

const definition = (name: string, more: Partial<FunctionDef>): FunctionDef => ({
  name,
  domain: "local",
  inputs: ["x"],
  outputs: ["y"],
  attributes: [],
  attributeDefaults: {},
  nodes: [],
  opsets: { "": 18, local: 1 },
  ...more,
});

function modelWith(functions: FunctionDef[], nodes: Node[]): Model {
  const b = new GraphBuilder();
  b.input("a", "float32", [2]);
  const model = b.finish();
  return { ...model, functions, graph: { ...model.graph, nodes } };
}

const leaky = definition("Leaky", {
  attributes: ["slope"],
  nodes: [
    node("Neg", ["x"], ["n"]),
    node("LeakyRelu", ["n"], ["y"], {
      attributes: { alpha: { type: "ref", value: "slope", refType: 1 } },
    }),
  ],
});
const twice = definition("Twice", {
  nodes: [
    node("Leaky", ["x"], ["h"], {
      domain: "local",
      attributes: { slope: { type: "float", value: 0.5 } },
    }),
    node("Leaky", ["h"], ["y"], { domain: "local" }),
  ],
});

Deno.test("inlineFunctions() replaces nested calls and binds their attributes", () => {
  const call = node("Twice", ["a"], ["b"], { domain: "local" });
  const { graph, functions } = inlineFunctions(modelWith([leaky, twice], [call]));
  assertEquals(functions, []);
  assertEquals(graph.nodes.map(({ opType, attributes }) => [opType, attributes]), [
    ["Neg", {}],
    ["LeakyRelu", { alpha: { type: "float", value: 0.5 } }],
    ["Neg", {}],
    ["LeakyRelu", {}],
  ]);
  const values = graph.nodes.flatMap(({ outputs }) => outputs);
  assertEquals(new Set(values).size, 4);
  assertEquals(graph.nodes.map(({ inputs }) => inputs[0]), ["a", ...values.slice(0, 3)]);
  assertEquals(values.at(-1), "b");
});

Deno.test("inlineFunctions() passes on an output that is an input", () => {
  const same = definition("Same", { outputs: ["x"] });
  const call = node("Same", ["a"], ["b"], { domain: "local" });
  const { graph } = inlineFunctions(modelWith([same], [call]));
  assertEquals(graph.nodes.map(({ opType, inputs, outputs }) => [opType, inputs, outputs]), [
    ["Identity", ["a"], ["b"]],
  ]);
});

Deno.test("inlineFunctions() returns a model without functions as it is", () => {
  const model = modelWith([], [node("Neg", ["a"], ["b"])]);
  assertEquals(inlineFunctions(model), model);
});
