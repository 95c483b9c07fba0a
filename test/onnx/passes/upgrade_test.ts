import { assert, assertEquals, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { BuildError } from "../../../lib/onnx/build/builder.ts";
import { checkModel } from "../../../lib/onnx/infer/check.ts";
import { inferShapes } from "../../../lib/onnx/infer/infer_shapes.ts";
import {
  type AttributeInput,
  float,
  floats,
  toAttributes,
} from "../../../lib/onnx/ir/attribute.ts";
import type { Graph, Model, Node, Weight } from "../../../lib/onnx/ir/model.ts";
import { upgradeModel } from "../../../lib/onnx/passes/upgrade.ts";
import { weightFromTensor } from "../../../lib/onnx/ir/weight.ts";
import { openSession } from "../../../lib/runtime/session.ts";
import { fromNumbers, toNumbers } from "../../../lib/tensor/convert.ts";
import type { Tensor } from "../../../lib/tensor/tensor.ts";

interface Row {
  readonly name: string;
  readonly opset: number;
  readonly op: string;
  readonly attributes?: Record<string, AttributeInput>;
  readonly weights?: Record<string, Tensor>;
  readonly outputs?: number;
  /** Ops of the upgraded model; those of ONNX that are no more than its node if not given. */
  readonly ops?: string;
}

const scales = (...values: number[]) => fromNumbers("float32", [4], values);

const rows: Row[] = [
  { name: "axes of ReduceSum", opset: 11, op: "ReduceSum", attributes: { axes: [1, -1] } },
  { name: "no axes", opset: 17, op: "ReduceMean", attributes: { keepdims: 0 } },
  { name: "axes of ReduceMax", opset: 17, op: "ReduceMax", attributes: { axes: [2] } },
  { name: "axes of Unsqueeze", opset: 11, op: "Unsqueeze", attributes: { axes: [0, 3] } },
  { name: "Squeeze of everything", opset: 11, op: "Squeeze" },
  {
    name: "sizes of Split",
    opset: 11,
    op: "Split",
    attributes: { axis: 3, split: [2, 3] },
    outputs: 2,
  },
  { name: "even Split", opset: 17, op: "Split", attributes: { axis: 2 }, outputs: 2 },
  {
    name: "Slice",
    opset: 9,
    op: "Slice",
    attributes: { starts: [1, -3], ends: [9, -1], axes: [1, 3] },
  },
  { name: "Slice without axes", opset: 9, op: "Slice", attributes: { starts: [1], ends: [9] } },
  {
    name: "Pad",
    opset: 10,
    op: "Pad",
    attributes: { pads: [0, 0, 1, 2, 0, 0, 0, 1], value: float(0.5) },
  },
  { name: "both bounds", opset: 10, op: "Clip", attributes: { min: float(-0.5), max: float(0.2) } },
  { name: "upper bound", opset: 10, op: "Clip", attributes: { max: float(0.2) } },
  { name: "Softmax of a matrix", opset: 11, op: "Softmax", ops: "Flatten Softmax Shape Reshape" },
  {
    name: "Softmax of the last axis",
    opset: 11,
    op: "Softmax",
    attributes: { axis: 3 },
    ops: "Softmax",
  },
  { name: "LogSoftmax", opset: 9, op: "LogSoftmax", attributes: { axis: 2 } },
  { name: "Hardmax", opset: 11, op: "Hardmax" },
  { name: "k of TopK", opset: 9, op: "TopK", attributes: { axis: 2, k: 2 }, outputs: 2 },
  { name: "Dropout", opset: 10, op: "Dropout", attributes: { ratio: float(0.3) } },
  { name: "Upsample-7", opset: 8, op: "Upsample", attributes: { scales: floats([1, 1, 2, 3]) } },
  {
    name: "Upsample-9",
    opset: 9,
    op: "Upsample",
    attributes: { mode: "linear" },
    weights: { s: scales(1, 1, 2, 2) },
  },
  { name: "Resize-10 up", opset: 10, op: "Resize", weights: { s: scales(1, 1, 2, 1.5) } },
  { name: "Resize-10 down", opset: 10, op: "Resize", weights: { s: scales(1, 1, 0.5, 0.6) } },
  {
    name: "Resize-10 up and down",
    opset: 10,
    op: "Resize",
    weights: { s: scales(1, 1, 1.6, 0.6) },
    ops: "Constant Max Min Resize Resize",
  },
  {
    name: "linear Resize-10 up and down",
    opset: 10,
    op: "Resize",
    attributes: { mode: "linear" },
    weights: { s: scales(1, 1, 1.6, 0.6) },
  },
  {
    name: "Resize-11 with sizes",
    opset: 11,
    op: "Resize",
    attributes: { mode: "linear" },
    weights: {
      roi: fromNumbers("float32", [0], []),
      s: fromNumbers("float32", [0], []),
      sizes: fromNumbers("int64", [4], [2, 3, 8, 7]),
    },
  },
  {
    name: "Scatter",
    opset: 10,
    op: "Scatter",
    attributes: { axis: 1 },
    weights: {
      i: fromNumbers("int64", [1, 1, 1, 2], [2, 0]),
      u: fromNumbers("float32", [1, 1, 1, 2], [5, 6]),
    },
  },
];

const dims = [2, 3, 4, 5];

function graphOf({ op, attributes = {}, weights = {}, outputs = 1 }: Row): Graph {
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const node: Node = {
    name: "node",
    opType: op,
    domain: "",
    inputs: ["x", ...Object.keys(weights)],
    outputs: names,
    attributes: toAttributes(attributes),
  };
  const initializers = Object.entries(weights).map(([name, t]): [string, Weight] => [
    name,
    weightFromTensor(t),
  ]);
  return {
    name: "g",
    nodes: [node],
    inputs: [{ name: "x", type: { kind: "tensor", dtype: "float32", dims } }],
    outputs: names.map((name) => ({ name, type: { kind: "unknown" } })),
    initializers: new Map(initializers),
    values: new Map(),
  };
}

function modelOf(row: Row): Model {
  const graph = graphOf(row);
  return { irVersion: 6, opset: row.opset, domains: {}, graph, functions: [], metadata: {} };
}

function someNumbers(): Tensor {
  const numbers = Array.from({ length: 120 }, (_, i) => Math.sin(i * i));
  return fromNumbers("float32", dims, numbers);
}

async function run(model: Model): Promise<number[][]> {
  await using session = await openSession(inferShapes(model));
  const results = await session.run({ x: someNumbers() });
  return model.graph.outputs.map((
    { name },
  ) => [...results[name]!.dims, ...toNumbers(results[name]!)]);
}

for (const row of rows) {
  Deno.test(`upgradeModel() keeps what ${row.op} computes: ${row.name}`, async () => {
    const model = modelOf(row);
    const upgraded = upgradeModel(model);
    assertEquals(upgraded.opset, 18);
    assertEquals(checkModel(upgraded), []);
    if (row.ops) assertEquals(upgraded.graph.nodes.map((n) => n.opType).join(" "), row.ops);
    const [before, after] = [await run(model), await run(upgraded)];
    for (const [i, numbers] of before.entries()) {
      assertEquals(after[i]!.length, numbers.length);
      assert(numbers.every((v, j) => Math.abs(v - after[i]![j]!) < 1e-6), "values differ");
    }
  });
}

Deno.test("upgradeModel() reaches into subgraphs", async () => {
  const branch = graphOf({ name: "", opset: 11, op: "ReduceSum", attributes: { axes: [1] } });
  const other = graphOf({ name: "", opset: 11, op: "Softmax" });
  const reduced = { ...branch, inputs: [] };
  const softened: Graph = {
    ...other,
    inputs: [],
    nodes: [
      { ...other.nodes[0]!, outputs: ["s"] },
      { ...branch.nodes[0]!, name: "last", inputs: ["s"] },
    ],
  };
  for (const condition of [0, 1]) {
    const model = modelOf({ name: "", opset: 11, op: "If" });
    const conditional: Node = {
      ...model.graph.nodes[0]!,
      inputs: ["c"],
      attributes: {
        then_branch: { type: "graph", value: reduced },
        else_branch: { type: "graph", value: softened },
      },
    };
    const initializers = new Map([["c", weightFromTensor(fromNumbers("bool", [], [condition]))]]);
    const whole = { ...model, graph: { ...model.graph, nodes: [conditional], initializers } };
    assertEquals(await run(upgradeModel(whole)), await run(whole));
  }
});

Deno.test("upgradeModel() leaves newer models alone and refuses very old ones", () => {
  const newer = modelOf({ name: "", opset: 21, op: "Relu" });
  assertEquals(upgradeModel(newer), newer);
  assertThrows(
    () => upgradeModel(modelOf({ name: "", opset: 5, op: "Relu" })),
    BuildError,
    "Cannot upgrade a model of operator set 5: the oldest that is supported is 7",
  );
});

Deno.test("upgradeModel() brings functions and graph to one operator set", () => {
  const call: Node = {
    ...{ name: "", opType: "F", domain: "own", inputs: ["x"], outputs: ["y0"], attributes: {} },
  };
  const model = modelOf({ name: "", opset: 18, op: "Relu" });
  const attributes = toAttributes({ axes: [1], keepdims: 0 });
  const body = { ...call, opType: "ReduceSum", domain: "", inputs: ["a"], outputs: ["b"] };
  const withFunction = (version: number, node: Node): Model => ({
    ...model,
    domains: { own: 1 },
    graph: { ...model.graph, nodes: [call] },
    functions: [{
      ...{ domain: "own", name: "F", inputs: ["a"], outputs: ["b"], attributes: [] },
      ...{ attributeDefaults: {}, opsets: { "": version }, nodes: [node] },
    }],
  });
  const older = upgradeModel(withFunction(11, { ...body, attributes }));
  assertEquals(older.functions[0]!.nodes.map(({ opType }) => opType), ["Constant", "ReduceSum"]);
  assertEquals(older.functions[0]!.opsets[""], 18);
  const newer = upgradeModel(withFunction(21, { ...body, opType: "Relu" }));
  assertEquals([newer.opset, newer.functions[0]!.opsets[""]], [21, 21]);
});

Deno.test("upgradeModel() refuses the Scan over batches of operator set 8", () => {
  assertThrows(
    () => upgradeModel(modelOf({ name: "", opset: 8, op: "Scan" })),
    DiagnosticError,
    "in operator set 8 it runs over batches, which is not supported: convert the model to 9 or newer",
  );
});
