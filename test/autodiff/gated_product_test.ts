import { assert, assertEquals } from "@std/assert";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { tensorFromWeight } from "../../lib/onnx/ir/weight.ts";
import { checkOnce, floats, runOnce } from "./gradient_case.ts";

type Build = (b: GraphBuilder, x: Value) => Value;

const times = (b: GraphBuilder, x: Value, k: number) => b.op("Mul", [x, b.scalar(k)]);
const erfGate = (b: GraphBuilder, t: Value) => b.op("Add", [b.op("Erf", [t]), b.scalar(1)]);

const tanhGate = (b: GraphBuilder, t: Value) => b.op("Add", [b.op("Tanh", [t]), b.scalar(1)]);
const rootTwoOverPi = Math.sqrt(2 / Math.PI);
const cubic = (b: GraphBuilder, x: Value) => {
  const third = times(b, b.op("Pow", [x, b.scalar(3)]), 0.044715);
  return times(b, b.op("Add", [x, third]), rootTwoOverPi);
};
const rms = (b: GraphBuilder, x: Value) => {
  const mean = b.op("ReduceMean", [b.op("Pow", [x, b.scalar(2)]), b.int64s([-1])]);
  return b.op("Sqrt", [b.op("Add", [mean, b.scalar(0.01)])]);
};

/** The ways in which exporters write activation functions that are products. */
const forms: Record<string, Build> = {
  "SiLU": (b, x) => b.op("Mul", [x, b.op("Sigmoid", [x])]),
  "QuickGELU": (b, x) => b.op("Mul", [b.op("Sigmoid", [times(b, x, 1.702)]), x]),
  "GELU, half last": (b, x) => {
    const gate = erfGate(b, b.op("Div", [x, b.scalar(Math.SQRT2)]));
    return times(b, b.op("Mul", [x, gate]), 0.5);
  },
  "GELU, half first": (b, x) => {
    return b.op("Mul", [times(b, x, 0.5), erfGate(b, times(b, x, Math.SQRT1_2))]);
  },
  "GELU, half on the gate": (b, x) => {
    const gate = erfGate(b, b.op("Div", [x, b.scalar(Math.SQRT2)]));
    return b.op("Mul", [x, times(b, gate, 0.5)]);
  },
  "GELU by tanh": (b, x) => b.op("Mul", [times(b, x, 0.5), tanhGate(b, cubic(b, x))]),
  "GELU by tanh, half on the gate": (b, x) => {
    const square = b.op("Mul", [x, x]);
    const sum = b.op("Add", [b.scalar(1), times(b, square, 0.044715)]);
    const argument = b.op("Mul", [times(b, x, rootTwoOverPi), sum]);
    return b.op("Mul", [times(b, tanhGate(b, argument), 0.5), x]);
  },
  "SiLU by tanh": (b, x) => b.op("Mul", [x, times(b, tanhGate(b, times(b, x, 0.5)), 0.5)]),
  "a tanh gate of something else": (b, x) => b.op("Mul", [x, tanhGate(b, b.op("Sin", [x]))]),
  "division by the root mean square": (b, x) => b.op("Mul", [x, b.op("Reciprocal", [rms(b, x)])]),
  "division by the root mean square, one over it": (b, x) =>
    b.op("Mul", [b.op("Div", [b.scalar(1), rms(b, x)]), x]),
  "division by the root mean square, as a quotient": (b, x) => b.op("Div", [x, rms(b, x)]),
  "division by the standard deviation": (b, x) => {
    const mean = b.op("ReduceMean", [x, b.int64s([-1])]);
    const centered = b.op("Sub", [x, mean]);
    return b.op("Div", [centered, rms(b, centered)]);
  },
  "division by the root mean square of something else": (b, x) =>
    b.op("Mul", [x, b.op("Reciprocal", [rms(b, b.op("Sin", [x]))])]),
  "a gate of something else": (b, x) => b.op("Mul", [x, b.op("Sigmoid", [b.op("Sin", [x])])]),
  "a gate that is used again": (b, x) => {
    const gate = b.op("Sigmoid", [x]);
    return b.op("Add", [b.op("Mul", [x, gate]), gate]);
  },
  "a gate of the opposite": (b, x) => b.op("Mul", [x, b.op("Sigmoid", [times(b, x, -2)])]),
};

function modelOf(build: Build): Model {
  const b = new GraphBuilder();
  b.output(build(b, b.input("x", "float32", ["n"])), "y");
  return b.finish();
}

for (const [name, build] of Object.entries(forms)) {
  Deno.test(`addGradients() agrees with differences for ${name}`, async () => {
    const feeds = { x: floats([5], -3, -0.7, 0, 0.4, 2) };
    const result = await checkOnce(modelOf(build), feeds, { outputs: ["y"], wrt: ["x"] });
    assert(result.verdict === "ok", JSON.stringify(result));
  });
}

/** Ops that the gradient adds to the forward pass. */
function gradientOps(form: string): string[] {
  const model = modelOf(forms[form]!);
  const { graph } = addGradients(model, { cotangents: ["y"], wrt: ["x"] });
  const all = graph.nodes.map(({ opType }) => opType).filter((op) => op !== "Identity");
  return all.slice(model.graph.nodes.filter(({ opType }) => opType !== "Identity").length);
}

const gradients: Record<string, readonly string[]> = {
  "SiLU": ["HardSigmoid", "Mul", "Add", "Mul"],
  "GELU, half on the gate": ["Mul", "Sub", "Exp", "Mul", "Add", "Mul"],
  "division by the root mean square": ["Mul", "ReduceMean", "Mul", "Sub", "Mul"],
  "division by the root mean square, as a quotient": ["Mul", "ReduceMean", "Mul", "Sub", "Div"],
};

for (const [form, ops] of Object.entries(gradients)) {
  Deno.test(`addGradients() takes ${ops.length} nodes for the gradient of ${form}`, () => {
    assertEquals(gradientOps(form), ops);
  });
}

Deno.test("addGradients() takes x and y alone for the gradient of GELU by tanh, and no half twice", () => {
  const model = modelOf(forms["GELU by tanh"]!);
  const { graph } = addGradients(model, { cotangents: ["y"], wrt: ["x"] });
  const inner = graph.nodes.filter(({ opType }) => ["Pow", "Tanh"].includes(opType));
  for (const { outputs } of inner) {
    assertEquals(graph.nodes.filter(({ inputs }) => inputs.includes(outputs[0]!)).length, 1);
  }
  const ops = graph.nodes.map(({ opType }) => opType).slice(model.graph.nodes.length);
  const square = ["Mul", "Mul", "Add"]; // x², and a + b x², which two polynomials share the former of
  const sigmoid = [...square, "Mul", "Sigmoid", "HardSigmoid"];
  assertEquals(ops, [...sigmoid, "Mul", "Mul", "Add", "Mul", "Add", "Mul", "Identity"]);
});

Deno.test("addGradients() joins the numbers that a gradient is multiplied by", () => {
  const model = modelOf((b, x) => times(b, times(b, times(b, x, 3), 5), 7));
  const { graph } = addGradients(model, { cotangents: ["y"], wrt: ["x"] });
  const last = graph.nodes.find(({ inputs }) => inputs[0] === "ct.y");
  const factor = tensorFromWeight(graph.initializers.get(last!.inputs[1]!)!);
  assertEquals(Array.from(factor.data, Number), [105]);
});

Deno.test("addGradients() reads no gate of a product with nothing", async () => {
  const model = modelOf((b, x) => b.op("Mul", [times(b, x, 0), b.op("Sigmoid", [x])]));
  const step = addGradients(model, { of: "y", wrt: ["x"] });
  const { "grad.x": gradient } = await runOnce(step, { x: floats([2], -1, 2) });
  assertEquals(Array.from(gradient!.data, Number), [0, 0]);
});
