import { assertEquals } from "@std/assert";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { composeModels } from "../../../lib/onnx/passes/compose.ts";
import type { Model } from "../../../lib/onnx/ir/model.ts";
import { simplifyModel } from "../../../lib/onnx/passes/simplify_model.ts";
import { tensor } from "../../../lib/tensor/tensor.ts";

const weights = tensor("float32", [3, 3], new Float32Array([1, 2, 3, 4, 5, 6, 7, 8, 9]));

/** Tanh(x · W) and, after it, what `tail` adds. */
function network(tail: string): Model {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2, 3]);
  const hidden = b.op("Tanh", [b.op("MatMul", [x, b.constant(weights)])]);
  b.output(b.op(tail, [hidden]), "y");
  return b.finish();
}

const ops = (model: Model) => model.graph.nodes.map((node) => node.opType);

Deno.test("simplifyModel() computes once what two parts share", () => {
  const parts = ["Exp", "Neg"].map((tail) => ({
    name: tail,
    model: network(tail),
    connect: { x: "x" },
  }));
  const whole = composeModels(parts);
  const simple = simplifyModel(whole);
  assertEquals(ops(whole).filter((op) => op === "MatMul").length, 2);
  assertEquals(ops(simple).filter((op) => op === "MatMul").length, 1);
  assertEquals(simple.graph.outputs.map(({ name }) => name), ["Exp.y", "Neg.y"]);
  assertEquals(simple.graph.inputs, whole.graph.inputs);
});

Deno.test("simplifyModel() drops casts that change nothing and joins with nothing", () => {
  const model = network("Relu");
  const { graph } = model;
  const node = (opType: string, inputs: string[], output: string, attributes = {}) => ({
    name: output,
    opType,
    domain: "",
    inputs,
    outputs: [output],
    attributes,
  });
  const empty = { dtype: "float32", dims: [2, 0] } as const;
  const extended: Model = {
    ...model,
    graph: {
      ...graph,
      nodes: [
        ...graph.nodes,
        node("Cast", ["y"], "same", { to: { type: "int", value: 1 } }),
        node("Concat", ["none", "same"], "joined", { axis: { type: "int", value: -1 } }),
      ],
      initializers: new Map([
        ...graph.initializers,
        ["none", { ...empty, data: { kind: "inline", bytes: new Uint8Array(0) } }],
      ]),
      outputs: [{ name: "joined", type: graph.outputs[0]!.type }],
    },
  };
  const simple = simplifyModel(extended);
  assertEquals(ops(simple), ["MatMul", "Tanh", "Relu", "Identity"]);
  assertEquals(simple.graph.outputs.map(({ name }) => name), ["joined"]);
});
