import { assertEquals } from "@std/assert";
import { GraphBuilder, type Value } from "../../../lib/onnx/build/builder.ts";
import { estimateMemory } from "../../../lib/onnx/infer/estimate_memory.ts";
import { tensor } from "../../../lib/tensor/tensor.ts";

/** A float32[n] of 100 elements takes 400 bytes. */
const bytes = 400;

/** A graph, and how many such values are there at once; the last node is an Identity that names the output. */
const rows: readonly (readonly [string, (b: GraphBuilder, x: Value) => Value, number])[] = [
  ["an operator that may write over its input does", (b, x) => b.op("Tanh", [b.op("Exp", [x])]), 1],
  ["others need both", (b, x) => b.op("CumSum", [x, b.scalar(0, "int64")]), 2],
  ["what is given back is taken again", (b, x) => {
    const once = b.op("CumSum", [x, b.scalar(0, "int64")]);
    return b.op("CumSum", [b.op("CumSum", [once, b.scalar(0, "int64")]), b.scalar(0, "int64")]);
  }, 2],
  ["a value that is needed later stays", (b, x) => b.op("Mul", [b.op("Exp", [x]), x]), 2],
  ["a view takes nothing, and keeps what it shows", (b, x) => {
    const view = b.op("Reshape", [b.op("CumSum", [x, b.scalar(0, "int64")]), b.int64s([10, 10])]);
    return b.op("MatMul", [view, view]);
  }, 2],
];

Deno.test("estimateMemory() counts what is needed at once", () => {
  for (const [name, build, values] of rows) {
    const b = new GraphBuilder({ opset: 18 });
    b.output(build(b, b.input("x", "float32", ["n"])), "y");
    const { activations, unknown } = estimateMemory(b.finish(), { n: 100 });
    assertEquals([activations, unknown], [values * bytes, 0], name);
  }
});

Deno.test("estimateMemory() tells weights, columns of convolutions, and what is not known", () => {
  const b = new GraphBuilder({ opset: 18 });
  const x = b.input("x", "float32", [2, 3, 8, 8]);
  const w = b.constant(tensor("float32", [4, 3, 3, 3], new Float32Array(108)));
  b.output(b.op("Conv", [x, w], { pads: [1, 1, 1, 1] }), "y");
  b.output(b.op("NonZero", [x]), "where");
  const { weights, workspace, unknown } = estimateMemory(b.finish());
  assertEquals([weights, workspace, unknown], [432, 4 * 27 * 64, 1]);
});
