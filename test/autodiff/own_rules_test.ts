import { assertEquals, assertThrows } from "@std/assert";
import { addGradients, unsupportedNodes } from "../../lib/autodiff/gradient.ts";
import { type Decomposition, elementwise, type GradRule } from "../../lib/autodiff/engine/rule.ts";
import { defaultRules, type RuleTable } from "../../lib/autodiff/table/rule_table.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { floats, runOnce } from "./gradient_case.ts";

/** y = Cube(x) of a domain of one's own, in a version. */
function cubeModel(version: number): Model {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2]);
  const [y] = b.node("Cube", [x], { domain: "acme" });
  b.output(b.op("Neg", [y!]), "y");
  const model = b.finish();
  const type = { kind: "tensor", dtype: "float32", dims: [2] } as const;
  const values = new Map([...model.graph.values, [y!, type] as const]);
  return { ...model, domains: { acme: version }, graph: { ...model.graph, values } };
}

const cube: Decomposition = (node, b) => [b.op("Pow", [node.inputs[0], b.scalar(3)])];
const decomposed: RuleTable = { "acme.Cube": [{ sinceOpset: 1, decomposition: cube }] };

/** 3 x² g */
const cubeRule: GradRule = (node, { builder: b, outputGrads: [g] }) => {
  const x = node.inputs[0]!;
  return g === undefined ? [] : [b.op("Mul", [b.op("Mul", [g, b.scalar(3)]), b.op("Mul", [x, x])])];
};

const ops = ({ graph }: Model) => graph.nodes.map(({ opType }) => opType);

Deno.test("addGradients() takes a decomposition of an op of one's own", async () => {
  const options = { of: "y", wrt: ["x"], rules: decomposed };
  assertEquals(unsupportedNodes(cubeModel(1), options), []);
  const step = addGradients(cubeModel(1), options);
  const { y, "grad.x": g } = await runOnce(step, { x: floats([2], 1, -2) });
  assertEquals([...y!.data as Float32Array], [-1, 8]);
  assertEquals([...g!.data as Float32Array], [-3, -12]);
});

Deno.test("addGradients() takes a rule of an op of one's own, and leaves the op in the graph", () => {
  const rules = { "acme.Cube": [{ sinceOpset: 1, rule: cubeRule }] };
  const step = addGradients(cubeModel(1), { of: "y", wrt: ["x"], rules });
  assertEquals(ops(step).includes("Cube"), true);
});

Deno.test("addGradients() asks for the type of what an unknown op makes", () => {
  const rules = { "acme.Cube": [{ sinceOpset: 1, rule: cubeRule }] };
  const model = cubeModel(1);
  const untyped = { ...model, graph: { ...model.graph, values: new Map() } };
  assertThrows(
    () => addGradients(untyped, { of: "y", wrt: ["x"], rules }),
    DiagnosticError,
    'Cannot differentiate: the type of "y" is unknown',
  );
});

Deno.test("addGradients() takes the newest row that the op's version has reached", () => {
  const refusing: GradRule = () => {
    throw new RangeError("too new");
  };
  const rules = {
    "acme.Cube": [{ sinceOpset: 3, rule: refusing }, { sinceOpset: 1, decomposition: cube }],
  };
  const options = { of: "y", wrt: ["x"], rules };
  addGradients(cubeModel(2), options);
  assertThrows(() => addGradients(cubeModel(3), options), RangeError, "too new");
  const late = { "acme.Cube": [{ sinceOpset: 3, rule: refusing }] };
  assertThrows(() => addGradients(cubeModel(2), { ...options, rules: late }), DiagnosticError);
});

/** y = Relu(x), whose gradient is let through where x is negative too. */
Deno.test("addGradients() prefers one's own rules to the default ones, also in branches", async () => {
  const open = elementwise((_node, { outputGrads: [g] }) => [g]);
  const rules = { Relu: [{ sinceOpset: 1, rule: open }] };
  const branch = (opType: string) => {
    const inner = new GraphBuilder({ opset: 18 });
    inner.node(opType, ["x"], { outputs: [`${opType}.y`] });
    inner.output(`${opType}.y`);
    return { type: "graph", value: { ...inner.finish().graph, inputs: [] } } as const;
  };
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2]);
  const [y] = b.node("If", [b.input("c", "bool", [])], {
    attributes: { then_branch: branch("Relu"), else_branch: branch("Neg") },
  });
  b.output(b.op("Add", [y as Value, b.op("Relu", [x])]), "y");
  const step = addGradients(b.finish(), { of: "y", wrt: ["x"], rules });
  const c = { dtype: "bool", dims: [], data: Uint8Array.of(1) } as const;
  const { "grad.x": g } = await runOnce(step, { x: floats([2], 1, -2), c });
  assertEquals([...g!.data as Float32Array], [2, 2]);
});

Deno.test("the default table has one row per op, which can be taken as it is", () => {
  assertEquals(defaultRules.MatMul?.length, 1);
  assertEquals(typeof defaultRules.MatMul?.[0]?.rule, "function");
  assertEquals(typeof defaultRules.LSTM?.[0]?.decomposition, "function");
  assertThrows(
    () => addGradients(cubeModel(1), { of: "y", wrt: ["x"], rules: defaultRules }),
    DiagnosticError,
    'Cube (domain "acme", opset 1) has no gradient rule',
  );
});
