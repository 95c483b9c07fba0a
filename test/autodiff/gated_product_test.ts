import { assert, assertEquals } from "@std/assert";
import { checkGradient } from "../../lib/autodiff/check_gradient.ts";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { GraphBuilder, type Value } from "../../lib/onnx/builder.ts";
import type { Model } from "../../lib/onnx/model.ts";
import { floats, runOnce } from "./gradient_case.ts";

type Build = (b: GraphBuilder, x: Value) => Value;

const times = (b: GraphBuilder, x: Value, k: number) => b.op("Mul", [x, b.scalar(k)]);
const erfGate = (b: GraphBuilder, t: Value) => b.op("Add", [b.op("Erf", [t]), b.scalar(1)]);

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
    const result = await checkGradient(modelOf(build), feeds, runOnce, {
      outputs: ["y"],
      wrt: ["x"],
      step: 4e-3,
    });
    assert(result.error < 2e-3, JSON.stringify(result));
  });
}

Deno.test("addGradients() takes four nodes for the gradient of SiLU", () => {
  const { graph } = addGradients(modelOf(forms["SiLU"]!), { cotangents: ["y"], wrt: ["x"] });
  const ops = graph.nodes.map(({ opType }) => opType).filter((op) => op !== "Identity");
  assertEquals(ops, ["Sigmoid", "Mul", "HardSigmoid", "Mul", "Add", "Mul"]);
});
