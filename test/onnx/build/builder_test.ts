import { assert, assertEquals, assertThrows } from "@std/assert";
import { float, GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { decodeModel } from "../../../lib/onnx/codec/decode.ts";
import { encodeModel } from "../../../lib/onnx/codec/encode.ts";
import { fromNumbers, toNumbers } from "../../../lib/tensor/convert.ts";

Deno.test("GraphBuilder infers types as nodes are added", () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", ["batch", 12, 64]);
  const [q, k] = b.node("Split", [x, b.int64s([32, 32])], { attributes: { axis: -1 }, outputs: 2 });
  const scores = b.op("MatMul", [q!, b.op("Transpose", [k!], { perm: [0, 2, 1] })]);
  assertEquals(b.dims(scores), ["batch", 12, 12]);
  assertEquals(b.dtype(b.op("Cast", [scores], { to: 10 })), "float16");
  assertEquals(b.rank(b.op("ReduceSum", [scores, b.int64s([1])], { keepdims: 0 })), 2);
});

Deno.test("GraphBuilder follows arithmetic on shapes", () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", ["batch", "seq", 6]);
  const shape = b.op("Shape", [x]);
  const batch = b.op("Gather", [shape, b.scalar(0, "int64")], { axis: 0 });
  const rows = b.op("Mul", [batch, b.op("Gather", [shape, b.scalar(1, "int64")])]);
  const one = b.int64s([0]);
  const target = b.op("Concat", [b.op("Unsqueeze", [rows, one]), b.int64s([2, -1])], { axis: 0 });
  assertEquals(b.dims(b.op("Reshape", [x, target])), ["batch*seq", 2, 3]);
});

Deno.test("GraphBuilder shares equal nodes and constants", () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2]);
  assertEquals(b.op("Exp", [x]), b.op("Exp", [x]));
  assertEquals(b.scalar(2), b.scalar(2));
  assert(b.scalar(2) !== b.scalar(2, "float64"));
  const leaky = b.op("LeakyRelu", [x], { alpha: float(0.1) });
  assert(leaky !== b.op("LeakyRelu", [x], { alpha: float(0.2) }));
  assert(b.op("RandomNormalLike", [x]) !== b.op("RandomNormalLike", [x]));
});

Deno.test("GraphBuilder folds what is known", () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2, 3]);
  const size = b.op("ReduceProd", [b.op("Shape", [x])], { keepdims: 0 });
  assertEquals([...toNumbers(b.constantOf(size)!)], [6]);
  assertEquals(b.op("Mul", [x, b.scalar(1)]), x);
  assertEquals(b.op("Reshape", [x, b.op("Shape", [x])]), x);
  b.output(b.op("Mul", [x, b.op("Sqrt", [b.op("Cast", [size], { to: 1 })])]), "y");
  assertEquals(b.finish().graph.nodes.map((n) => n.opType), ["Mul", "Identity"]);
});

Deno.test("GraphBuilder builds nothing that changes nothing", () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", ["n", 4]);
  const fixed = b.input("fixed", "float32", [2, 3]);
  const ends = [b.int64s([0]), b.int64s([9]), b.int64s([1])] as const;
  const cases: [string, string, string][] = [
    ["there and back", b.op("Squeeze", [b.op("Unsqueeze", [x, ends[2]]), ends[2]]), x],
    [
      "a shape it had",
      b.op("Reshape", [b.op("Reshape", [fixed, b.int64s([-1])]), b.int64s([2, 3])]),
      fixed,
    ],
    ["to its own size", b.op("Expand", [x, b.int64s([1, 1])]), x],
    ["all of it", b.op("Slice", [fixed, ...ends]), fixed],
    [
      "twice turned",
      b.op("Transpose", [b.op("Transpose", [x], { perm: [1, 0] })], { perm: [1, 0] }),
      x,
    ],
    ["its own type", b.op("Cast", [x], { to: 1 }), x],
    ["nothing added", b.op("Add", [b.scalar(0), x]), x],
    ["one part", b.op("Concat", [x], { axis: 0 }), x],
  ];
  for (const [name, found, expected] of cases) assertEquals(found, expected, name);
  const kept: [string, string][] = [
    [
      "backwards",
      b.op("Slice", [fixed, b.int64s([-1]), b.int64s([-9]), b.int64s([0]), b.int64s([-1])]),
    ],
    [
      "made larger by a zero",
      b.op("Add", [b.constant(fromNumbers("float32", [2, 1], [0, 0])), b.scalar(3)]),
    ],
    ["minus zero", b.op("Sub", [b.scalar(0), x])],
  ];
  for (const [name, found] of kept) assert(found !== x && found !== fixed, name);
});

Deno.test("GraphBuilder continues a model without touching its names", () => {
  const first = new GraphBuilder();
  const x = first.input("x", "float32", [2]);
  first.output(first.op("Exp", [x]), "y");
  const b = new GraphBuilder({ model: decodeModel(encodeModel(first.finish())) });
  assertEquals(b.op("Exp", ["x"]), "Exp_0");
  assertEquals(b.op("Exp", ["y"]), "Exp_1");
  assertThrows(
    () => b.input("y", "float32", []),
    RangeError,
    `Cannot add value "y": the graph has a value of this name`,
  );
});

Deno.test("GraphBuilder.constantOf() gives weights and folded values only", () => {
  const b = new GraphBuilder();
  const w = b.initializer("w", fromNumbers("float32", [3], [1, 2, 3]));
  assertEquals([...toNumbers(b.constantOf(w)!)], [1, 2, 3]);
  assertEquals(b.constantOf(b.input("x", "float32", [3])), undefined);
});

Deno.test("GraphBuilder refuses a fraction as a bare attribute", () => {
  assertThrows(
    () => new GraphBuilder().op("Elu", [], { alpha: 0.5 }),
    TypeError,
    `Cannot make attribute "alpha": a bare number is an integer, got 0.5; use float() or floats()`,
  );
});
