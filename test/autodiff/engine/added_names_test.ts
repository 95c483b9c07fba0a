import { assertEquals } from "@std/assert";
import { cotangentNames, gradientNames } from "../../../lib/autodiff/engine/added_names.ts";
import { differentiateModel } from "../../../lib/autodiff/gradient.ts";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import type { Model } from "../../../lib/onnx/ir/model.ts";
import { floats, runOnce } from "../gradient_case.ts";

/** y = x²; one more value, of a name that a gradient may want. */
function square(taken?: "input" | "weight" | "inner value" | "output", name = ""): Model {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2]);
  const y = b.op("Mul", [x, x]);
  b.output(y, "y");
  if (taken === "input") b.output(b.op("Neg", [b.input(name, "float32", [2])]));
  if (taken === "weight") b.output(b.op("Add", [x, b.initializer(name, floats([2], 1, 2))]));
  if (taken === "inner value") b.output(b.op("Neg", b.node("Exp", [x], { outputs: [name] })));
  if (taken === "output") b.output(b.op("Exp", [x]), name);
  return b.finish();
}

/** The value is defined inside the branches of an If. */
function inBranch(name: string): Model {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2]);
  const inner = new GraphBuilder();
  inner.output(inner.op("Neg", [inner.input("x", "float32", [2])]), name);
  const branch = { type: "graph", value: { ...inner.finish().graph, inputs: [] } } as const;
  const attributes = { then_branch: branch, else_branch: branch };
  b.output(b.node("If", [b.input("condition", "bool", [])], { attributes })[0]!, "z");
  b.output(b.op("Mul", [x, x]), "y");
  return b.finish();
}

const cases: readonly {
  readonly model: Model;
  readonly gradient: string;
  readonly cotangent: string;
}[] = [
  { model: square(), gradient: "grad.x", cotangent: "ct.y" },
  { model: square("input", "ct.y"), gradient: "grad.x", cotangent: "ct.ct.y" },
  { model: square("weight", "ct.y"), gradient: "grad.x", cotangent: "ct.ct.y" },
  { model: square("inner value", "grad.x"), gradient: "grad.grad.x", cotangent: "ct.y" },
  { model: square("input", "grad.x"), gradient: "grad.grad.x", cotangent: "ct.y" },
  { model: square("output", "grad.x"), gradient: "grad.grad.x", cotangent: "ct.y" },
  { model: inBranch("ct.y"), gradient: "grad.x", cotangent: "ct.ct.y" },
];

Deno.test("addGradients() names what it adds as nothing else in the model is named", async () => {
  for (const { model, gradient, cotangent } of cases) {
    const given = model.graph.inputs.map(({ name }) => name);
    const added = differentiateModel(model, { cotangents: ["y"], wrt: ["x"] });
    assertEquals([...added.gradients], [["x", gradient]]);
    assertEquals([...added.cotangents], [["y", cotangent]]);
    assertEquals(added.model.graph.inputs.map(({ name }) => name), [...given, cotangent]);
    const feeds = Object.fromEntries(
      given.map((name) =>
        name === "condition"
          ? [name, { dtype: "bool", dims: [], data: new Uint8Array([1]) } as const]
          : [name, floats([2], 3, 5)]
      ),
    );
    const results = await runOnce(added.model, { ...feeds, [cotangent]: floats([2], 1, 10) });
    assertEquals([...results[gradient]!.data], [6, 100]);
  }
});

Deno.test("gradientNames() and cotangentNames() give no name twice", () => {
  const model = square("output", "grad.x");
  assertEquals([...gradientNames(model, ["x", "grad.x", "x"])], [
    ["x", "grad.grad.x"],
    ["grad.x", "grad.grad.grad.x"],
  ]);
  assertEquals([...cotangentNames(square("input", "ct.y"), ["y", "ct.y"])], [
    ["y", "ct.ct.y"],
    ["ct.y", "ct.ct.ct.y"],
  ]);
});
