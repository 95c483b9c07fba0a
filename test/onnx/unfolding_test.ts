/** Models that are small in a file and would be without end when they are unfolded. */
import { assertEquals, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { unknownDim } from "../../lib/onnx/ir/dim.ts";
import { multiplyDims } from "../../lib/onnx/ir/dim.ts";
import { inferShapes } from "../../lib/onnx/infer/infer_shapes.ts";
import { inlineFunctions } from "../../lib/onnx/passes/inline_functions.ts";
import type { Dim, Model, Node } from "../../lib/onnx/ir/model.ts";

function node(opType: string, inputs: string[], output: string, domain = ""): Node {
  return { name: output, opType, domain, inputs, outputs: [output], attributes: {} };
}

/** y = f0(x), where each function is made of nodes that may call the next. */
function calling(bodies: readonly (readonly Node[])[]): Model {
  const type = { kind: "tensor", dtype: "float32", dims: [2] } as const;
  return {
    irVersion: 9,
    opset: 18,
    domains: { f: 1 },
    metadata: {},
    functions: bodies.map((nodes, i) => ({
      name: `f${i}`,
      domain: "f",
      inputs: ["a"],
      outputs: ["b"],
      attributes: [],
      attributeDefaults: {},
      nodes,
      opsets: { "": 18, f: 1 },
    })),
    graph: {
      name: "g",
      nodes: [node("f0", ["x"], "y", "f")],
      inputs: [{ name: "x", type }],
      outputs: [{ name: "y", type }],
      initializers: new Map(),
      values: new Map(),
    },
  };
}

const twice = (next: string) => [node(next, ["a"], "t", "f"), node(next, ["t"], "b", "f")];
const leaf = [node("Abs", ["a"], "b")];
const chain = (length: number, body: (next: string) => readonly Node[]) => [
  ...Array.from({ length }, (_, i) => body(`f${i + 1}`)),
  leaf,
];

const rows: [name: string, model: Model, message: string][] = [
  [
    "functions that double 30 times",
    calling(chain(30, twice)),
    'Cannot look into Abs node "b": its functions or subgraphs unfold into more than 100010 nodes',
  ],
  [
    "a function that calls itself",
    calling([[node("f0", ["a"], "b", "f")]]),
    'Cannot look into f0 node "b": its functions or subgraphs unfold more than 100 deep',
  ],
  [
    "functions 200 deep",
    calling(chain(200, (next) => [node(next, ["a"], "b", "f")])),
    'Cannot look into f100 node "b": its functions or subgraphs unfold more than 100 deep',
  ],
];

for (const [name, model, message] of rows) {
  Deno.test(`inferShapes() and inlineFunctions() refuse ${name}`, () => {
    for (const pass of [inferShapes, inlineFunctions]) {
      const error = assertThrows(() => pass(model), DiagnosticError);
      assertEquals(error.message.replace(/node "[^"]*b"/, 'node "b"'), message);
    }
  });
}

Deno.test("inferShapes() and inlineFunctions() take functions that are used often", () => {
  const model = calling(chain(10, twice));
  assertEquals(inlineFunctions(model).graph.nodes.length, 1024);
  assertEquals(inferShapes(model).graph.outputs[0]!.type, model.graph.outputs[0]!.type);
});

Deno.test("a Slice of an axis without end is counted, not listed", () => {
  const b = new GraphBuilder();
  const long = b.input("x", "float32", [2 ** 40]);
  const ends = [b.int64s([1]), b.int64s([2 ** 40 - 1]), b.int64s([0]), b.int64s([3])];
  assertEquals(b.dims(b.op("Slice", [long, ...ends])), [Math.ceil((2 ** 40 - 2) / 3)]);
});

Deno.test("products of symbols that grow without end become a size that is not known", () => {
  let size: Dim = "a + b";
  for (let i = 0; i < 40; i++) size = multiplyDims(size, size);
  assertEquals(typeof size, typeof unknownDim());
  assertEquals(String(size).length < 1100, true);
});
