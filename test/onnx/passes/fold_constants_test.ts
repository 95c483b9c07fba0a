import { assertEquals } from "@std/assert";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { checkModel } from "../../../lib/onnx/infer/check.ts";
import { foldConstants } from "../../../lib/onnx/passes/fold_constants.ts";
import type { Graph, Model, Node } from "../../../lib/onnx/ir/model.ts";
import { tensorFromWeight, weightFromTensor } from "../../../lib/onnx/ir/weight.ts";
import { fromNumbers, toNumbers } from "../../../lib/tensor/convert.ts";
import type { Tensor } from "../../../lib/tensor/tensor.ts";

function node(opType: string, inputs: string[], outputs: string[], attributes = {}): Node {
  return { name: "", opType, domain: "", inputs, outputs, attributes };
}

function graphOf(nodes: readonly Node[], weights: Record<string, Tensor>): Graph {
  return {
    name: "g",
    nodes,
    inputs: [{ name: "x", type: { kind: "tensor", dtype: "float32", dims: [2, "n"] } }],
    outputs: [{ name: "y", type: { kind: "unknown" } }],
    initializers: new Map(Object.entries(weights).map(([k, t]) => [k, weightFromTensor(t)])),
    values: new Map(),
  };
}

function modelOf(graph: Graph): Model {
  return { irVersion: 9, opset: 18, domains: {}, graph, functions: [], metadata: {} };
}

const int64 = (...values: number[]) => fromNumbers("int64", [values.length], values);

/** Ops on constants, with what they give. */
const rows: [name: string, op: string, weights: Tensor[], attributes: object, expected: Tensor][] =
  [
    ["sum", "Add", [int64(1, 2), int64(10)], {}, int64(11, 12)],
    ["towards zero", "Div", [int64(-7), int64(2)], {}, int64(-3)],
    ["sign of the divisor", "Mod", [int64(-7, 7, -6), int64(3, -3, 3)], {}, int64(2, -2, 0)],
    [
      "sign of the dividend",
      "Mod",
      [int64(-5, 5), int64(3, -3)],
      { fmod: { type: "int", value: 1 } },
      int64(-2, 2),
    ],
    ["all bits", "BitwiseAnd", [int64(2 ** 33), int64(-1)], {}, int64(2 ** 33)],
    ["all bits", "BitwiseXor", [int64(2 ** 33 + 1), int64(3)], {}, int64(2 ** 33 + 2)],
    ["all bits", "BitwiseNot", [int64(2 ** 33)], {}, int64(-(2 ** 33) - 1)],
    [
      "all bits",
      "BitwiseNot",
      [fromNumbers("uint8", [1], [1])],
      {},
      fromNumbers("uint8", [1], [254]),
    ],
    [
      "wraps",
      "Mul",
      [fromNumbers("int32", [1], [65537]), fromNumbers("int32", [1], [65537])],
      {},
      fromNumbers("int32", [1], [131073]),
    ],
    ["the largest", "Less", [int64(5), int64(2 ** 63)], {}, fromNumbers("bool", [1], [1])],
    [
      "half to even",
      "Round",
      [fromNumbers("float32", [3], [0.5, 1.5, -2.5])],
      {},
      fromNumbers("float32", [3], [0, 2, -2]),
    ],
    [
      "float32",
      "Div",
      [fromNumbers("float32", [1], [1]), fromNumbers("float32", [1], [3])],
      {},
      fromNumbers("float32", [1], [Math.fround(1 / 3)]),
    ],
    [
      "wraps",
      "Add",
      [fromNumbers("uint8", [1], [200]), fromNumbers("uint8", [1], [100])],
      {},
      fromNumbers("uint8", [1], [44]),
    ],
    ["negative indices", "Gather", [int64(5, 6, 7), int64(-1, 0)], {}, int64(7, 5)],
    [
      "backwards",
      "Slice",
      [int64(0, 1, 2, 3, 4), int64(-1), int64(-9), int64(0), int64(-2)],
      {},
      int64(4, 2, 0),
    ],
    [
      "columns",
      "Slice",
      [fromNumbers("int32", [2, 3], [0, 1, 2, 3, 4, 5]), int64(1), int64(9), int64(1)],
      {},
      fromNumbers("int32", [2, 2], [1, 2, 4, 5]),
    ],
    [
      "rows",
      "Concat",
      [int64(1), int64(2, 3)],
      { axis: { type: "int", value: 0 } },
      int64(1, 2, 3),
    ],
    [
      "turned",
      "Transpose",
      [fromNumbers("bool", [2, 3], [1, 0, 0, 0, 1, 1])],
      {},
      fromNumbers("bool", [3, 2], [1, 0, 0, 1, 0, 1]),
    ],
    [
      "stretched",
      "Expand",
      [int64(1, 2), int64(2, 1)],
      {},
      fromNumbers("int64", [2, 2], [1, 2, 1, 2]),
    ],
    ["repeated", "Tile", [int64(1, 2), int64(2)], {}, int64(1, 2, 1, 2)],
    [
      "product",
      "ReduceProd",
      [int64(2, 3, 4)],
      { keepdims: { type: "int", value: 0 } },
      fromNumbers("int64", [], [24]),
    ],
    [
      "chosen",
      "Where",
      [fromNumbers("bool", [2], [1, 0]), int64(1, 2), int64(3, 4)],
      {},
      int64(1, 4),
    ],
    ["compared", "Less", [int64(1, 5), int64(3)], {}, fromNumbers("bool", [2], [1, 0])],
    [
      "cast",
      "Cast",
      [fromNumbers("float32", [2], [-1.5, 2.5])],
      { to: { type: "int", value: 7 } },
      int64(-1, 2),
    ],
    [
      "steps",
      "Range",
      [
        fromNumbers("int64", [], [5]),
        fromNumbers("int64", [], [0]),
        fromNumbers("int64", [], [-2]),
      ],
      {},
      int64(5, 3, 1),
    ],
    ["filled", "ConstantOfShape", [int64(2)], {}, fromNumbers("float32", [2], [0, 0])],
  ];

Deno.test("foldConstants() computes what ONNX defines", () => {
  for (const [name, op, weights, attributes, expected] of rows) {
    const inputs = Object.fromEntries(weights.map((t, i) => [`w${i}`, t]));
    const graph = graphOf([
      node(op, Object.keys(inputs), ["c"], attributes),
      node("Identity", ["c"], ["y"]),
    ], inputs);
    const folded = foldConstants(modelOf(graph)).graph;
    const result = tensorFromWeight(folded.initializers.get("c")!);
    assertEquals([result.dtype, result.dims], [expected.dtype, expected.dims], `${op}: ${name}`);
    assertEquals([...toNumbers(result)], [...toNumbers(expected)], `${op}: ${name}`);
    assertEquals(folded.nodes.length, 1);
  }
});

/** Ops on constants whose results doubles may not hold. */
const inexact: readonly (readonly [op: string, weights: Tensor[], attributes?: object])[] = [
  ["Equal", [big(2n ** 53n + 1n), big(2n ** 53n)]],
  ["Identity", [big(2n ** 53n + 1n)]],
  ["Concat", [big(2n ** 53n + 1n), big(1n)], { axis: { type: "int", value: 0 } }],
  ["Mul", [int64(3037000500), int64(3037000499)]],
  ["Mul", [fromNumbers("int32", [1], [2 ** 30 + 1]), fromNumbers("int32", [1], [2 ** 30 + 1])]],
  ["Add", [int64(2 ** 63), int64(-1)]],
  ["Sub", [fromNumbers("uint64", [1], [0]), fromNumbers("uint64", [1], [1])]],
  ["Div", [int64(-1), int64(0)]],
  ["Cast", [big(2n ** 53n + 1n)], { to: { type: "int", value: 6 } }],
  ["ReduceProd", [int64(3037000500, 3037000499)]],
];

function big(value: bigint): Tensor {
  return { dtype: "int64", dims: [1], data: BigInt64Array.of(value) };
}

Deno.test("foldConstants() computes no integer that doubles may have rounded", () => {
  for (const [op, weights, attributes] of inexact) {
    const inputs = Object.fromEntries(weights.map((t, i) => [`w${i}`, t]));
    const graph = graphOf([
      node(op, Object.keys(inputs), ["c"], attributes),
      node("Identity", ["c"], ["y"]),
    ], inputs);
    const { nodes } = foldConstants(modelOf(graph)).graph;
    assertEquals(nodes.map(({ opType }) => opType), [op, "Identity"]);
  }
});

Deno.test("a size that goes through floats is no fraction of a symbol", () => {
  const rows: readonly (readonly [op: string, value: number, isKnown: boolean])[] = [
    ["Sum", 0.5, false],
    ["Max", 0.5, false],
    ["Min", 1.5, false],
    ["Sum", 1, true],
  ];
  for (const [op, value, isKnown] of rows) {
    const b = new GraphBuilder({ opset: 18 });
    const x = b.input("x", "float32", ["n"]);
    const size = b.op("Cast", [b.op("Shape", [x])], { to: 1 });
    const more = b.op(op, [size, b.constant(fromNumbers("float32", [1], [value]))]);
    const whole = b.op("Cast", [b.op("Floor", [more])], { to: 7 });
    const [dim] = b.dims(b.op("Expand", [b.scalar(1), whole]))!;
    assertEquals(String(dim).startsWith("?"), !isKnown, `${op} ${value}: ${dim}`);
  }
});

Deno.test("foldConstants() leaves what depends on inputs", () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2, "n"]);
  const n = b.op("Gather", [b.op("Shape", [x]), b.scalar(1, "int64")]);
  b.output(b.op("Mul", [x, b.op("Cast", [n], { to: 1 })]), "y");
  const model = b.finish();
  assertEquals(foldConstants(model).graph.nodes, model.graph.nodes);
});

Deno.test("foldConstants() takes the branch of a decided If", () => {
  const branch = (op: string): Graph => ({
    ...graphOf([node(op, ["x"], ["inner"]), node("Neg", ["inner"], ["y"])], {}),
    inputs: [],
  });
  const attributes = {
    then_branch: { type: "graph", value: branch("Exp") },
    else_branch: { type: "graph", value: branch("Abs") },
  };
  const conditions: [number, string][] = [[1, "Exp Neg Identity"], [0, "Abs Neg Identity"]];
  for (const [condition, ops] of conditions) {
    const graph = graphOf([node("If", ["c"], ["y"], attributes)], {
      c: fromNumbers("bool", [], [condition]),
    });
    const folded = foldConstants(modelOf(graph)).graph;
    assertEquals(folded.nodes.map((n) => n.opType).join(" "), ops);
    assertEquals(folded.initializers.size, 0);
  }
});

Deno.test("foldConstants() keeps apart what branches of nodes of one name define", () => {
  const adding = (value: number): Graph => ({
    ...graphOf([node("Add", ["x", "w"], ["o"])], { w: fromNumbers("float32", [1], [value]) }),
    inputs: [],
    outputs: [{ name: "o", type: { kind: "unknown" } }],
  });
  const choices = [["", "a"], ["", "b"]].map((outputs, i) => ({
    ...node("If", ["c"], outputs, {
      then_branch: { type: "graph", value: twice(adding(i + 1)) },
      else_branch: { type: "graph", value: twice(adding(9)) },
    }),
    name: "same",
  }));
  const graph = graphOf([...choices, node("Sub", ["a", "b"], ["y"])], {
    c: fromNumbers("bool", [], [1]),
  });
  const model = foldConstants(modelOf(graph));
  assertEquals(checkModel(model).map(({ message }) => message), []);
  const weights = [...model.graph.initializers.values()].map((w) => toNumbers(tensorFromWeight(w)));
  assertEquals(weights.map(([value]) => value), [1, 2]);
});

/** The graph with its output given twice. */
function twice(graph: Graph): Graph {
  return { ...graph, outputs: [graph.outputs[0]!, graph.outputs[0]!] };
}
