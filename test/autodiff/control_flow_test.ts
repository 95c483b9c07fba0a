import { assert, assertEquals, assertThrows } from "@std/assert";
import { addGradients, unsupportedNodes } from "../../lib/autodiff/gradient.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import type { Attribute, Graph, Model, Weight } from "../../lib/onnx/ir/model.ts";
import { weightFromTensor } from "../../lib/onnx/ir/weight.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { checkOnce } from "./gradient_case.ts";

const shape = [2, 3];
const input = tensor("float32", shape, Float32Array.of(0.5, -0.3, 0.8, 0.2, -0.9, 0.4));
const truth = (value: boolean) => tensor("bool", [], Uint8Array.of(value ? 1 : 0));

/** A subgraph of float values [2, 3] that may also read values of the graph around it. */
function subgraph(
  inputs: readonly [string, "float32" | "int64" | "bool"][],
  body: (b: GraphBuilder) => readonly Value[],
): Attribute {
  const outer = new GraphBuilder({ prefix: `inner${inputs.length}.` });
  for (const name of ["x"]) outer.input(name, "float32", shape);
  for (const [name, dtype] of inputs) outer.input(name, dtype, dtype === "float32" ? shape : []);
  for (const value of body(outer)) outer.output(value);
  const { graph } = outer.finish();
  const own = graph.inputs.filter(({ name }) => inputs.some(([inner]) => inner === name));
  return { type: "graph", value: { ...graph, inputs: own } satisfies Graph };
}

function check(model: Model, feeds: Readonly<Record<string, Tensor>>) {
  return checkOnce(model, feeds, { outputs: ["y"], wrt: ["x"] });
}

function branching(condition: (b: GraphBuilder) => Value): Model {
  const b = new GraphBuilder({ opset: 18 });
  b.input("x", "float32", shape);
  const y = b.op("If", [condition(b)], {
    then_branch: subgraph([], (inner) => [inner.op("Mul", ["x", "x"])]),
    else_branch: subgraph([], (inner) => [inner.op("Sin", ["x"])]),
  });
  b.output(y, "y");
  return b.finish();
}

Deno.test("addGradients() differentiates the branch that a run takes", async () => {
  const model = branching((b) => b.input("c", "bool", []));
  for (const value of [true, false]) {
    const { error } = await check(model, { x: input, c: truth(value) });
    assert(error < 4e-3, `${value}: ${error}`);
  }
});

Deno.test("addGradients() keeps no branch whose condition is known", async () => {
  const model = branching((b) => b.constant(truth(false)));
  const full = addGradients(model, { cotangents: ["y"], wrt: ["x"] });
  assertEquals(full.graph.nodes.some(({ opType }) => opType === "If"), false);
  assertEquals((await check(model, { x: input })).verdict, "ok");
});

function looping(rounds: (b: GraphBuilder) => Value, weight?: Weight): Model {
  const b = new GraphBuilder({ opset: 18 });
  b.input("x", "float32", shape);
  const body = subgraph(
    [["i", "int64"], ["go", "bool"], ["state", "float32"]],
    (inner) => {
      const factor = weight &&
        inner.op("ReduceMax", [inner.initializer("w", weight)], { keepdims: 0 });
      const state = factor === undefined ? "state" : inner.op("Mul", ["state", factor]);
      const next = inner.op("Tanh", [inner.op("Mul", [state, "x"])]);
      return [inner.op("And", ["go", "go"]), next, inner.op("Neg", [next])];
    },
  );
  const [last, all] = b.node("Loop", [rounds(b), undefined, "x"], {
    attributes: { body },
    outputs: 2,
  });
  b.output(b.op("Add", [last!, b.op("ReduceSum", [all!, b.int64s([0])], { keepdims: 0 })]), "y");
  return b.finish();
}

Deno.test("addGradients() unrolls a loop of known length", async () => {
  const { error } = await check(looping((b) => b.scalar(3, "int64")), { x: input });
  assert(error < 4e-3, String(error));
});

/** Weights of a loop's body: one in a file, one too large to be told by its bytes. */
const bodyWeights: Readonly<Record<string, Weight>> = {
  file: {
    dtype: "float32",
    dims: [7],
    data: { kind: "external", directory: "", location: "w.bin", offset: 0, length: 28 },
  },
  large: weightFromTensor(tensor("float32", [5000], new Float32Array(5000))),
};

Deno.test("addGradients() shares the weights of a loop's body among its rounds", () => {
  for (const [name, weight] of Object.entries(bodyWeights)) {
    const model = looping((b) => b.scalar(3, "int64"), weight);
    const { graph } = addGradients(model, { cotangents: ["y"], wrt: ["x"] });
    const found = [...graph.initializers.values()].filter(({ dims }) => dims[0] === weight.dims[0]);
    assertEquals(found, [weight], name);
  }
});

Deno.test("addGradients() says which loop has an unknown length", () => {
  const model = looping((b) => b.input("n", "int64", []));
  const error = assertThrows(
    () => addGradients(model, { cotangents: ["y"], wrt: ["x"] }),
    DiagnosticError,
  );
  assertEquals(error.diagnostics.map(({ message }) => message), [
    'Cannot differentiate node "Loop_0" (Loop): the number of iterations ("n") is known at run time only',
  ]);
});

Deno.test("addGradients() looks through sequences", async () => {
  const b = new GraphBuilder({ opset: 18 });
  b.input("x", "float32", shape);
  const parts = b.op("SplitToSequence", [
    "x",
    b.constant(tensor("int64", [], BigInt64Array.of(1n))),
  ], {
    axis: 1,
  });
  const more = b.op("SequenceInsert", [parts, b.op("Sin", ["x"])]);
  const fewer = b.op("SequenceErase", [more, b.scalar(1, "int64")]);
  const joined = b.op("ConcatFromSequence", [fewer], { axis: 1 });
  b.output(b.op("Mul", [joined, b.op("SequenceAt", [fewer, b.scalar(0, "int64")])]), "y");
  const { error } = await check(b.finish(), { x: input });
  assert(error < 4e-3, String(error));
});

Deno.test("addGradients() refuses activations rounded to integers", () => {
  const b = new GraphBuilder({ opset: 18 });
  const x = b.input("x", "float32", shape);
  const [scale, zero] = [b.scalar(0.1), b.scalar(3, "uint8")];
  const rounded = b.op("QuantizeLinear", [x, scale, zero]);
  b.output(b.op("DequantizeLinear", [rounded, scale, zero]), "y");
  const model = b.finish();
  assertThrows(() => addGradients(model, { of: "y", wrt: ["x"] }), DiagnosticError);
  const found = unsupportedNodes(model);
  assertEquals(found.map(({ code, message }) => [code, message]), [[
    "quantized-activation",
    'Cannot differentiate node "QuantizeLinear_0" (QuantizeLinear): it rounds an activation to integers, its derivative is zero almost everywhere',
  ]]);
});
