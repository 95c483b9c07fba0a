import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { GraphBuilder, type Value } from "../../../lib/onnx/build/builder.ts";
import { checkModel } from "../../../lib/onnx/infer/check.ts";
import { inferShapes } from "../../../lib/onnx/infer/infer_shapes.ts";
import type { Model } from "../../../lib/onnx/ir/model.ts";
import { mixPrecision } from "../../../lib/onnx/passes/mixed_precision.ts";
import { openSession } from "../../../lib/runtime/session.ts";
import { fromNumbers, toNumbers } from "../../../lib/tensor/convert.ts";

/** Element types of what the nodes of an operator give. */
function typesBehind(model: Model, op: string): unknown[] {
  const { graph } = inferShapes(model);
  const types = new Map([
    ...graph.values,
    ...graph.outputs.map(({ name, type }) => [name, type] as const),
  ]);
  return graph.nodes.filter(({ opType }) => opType === op).map(({ outputs }) => {
    const type = types.get(outputs[0]!);
    return type?.kind === "tensor" ? type.dtype : undefined;
  });
}

function modelOf(build: (b: GraphBuilder, x: Value) => Value, dims = [2, 4]): Model {
  const b = new GraphBuilder();
  b.output(build(b, b.input("x", "float16", dims)), "y");
  return b.finish();
}

/** RMS norm as it is spelt out, then a product of matrices. */
const norm = modelOf((b, x) => {
  const last = b.int64s([-1]);
  const mean = b.op("ReduceMean", [b.op("Mul", [x, x]), last], { keepdims: 1 });
  const root = b.op("Sqrt", [b.op("Add", [mean, b.scalar(1e-5, "float16")])]);
  const scaled = b.op("Mul", [
    b.op("Div", [x, root]),
    b.constant(fromNumbers("float16", [4], [1, 1, 1, 1])),
  ]);
  const w = b.initializer("w", fromNumbers("float16", [4, 4], Array(16).fill(0.25)));
  return b.op("MatMul", [scaled, w]);
});

Deno.test("mixPrecision() computes a norm in float32 from end to end, and products in float16", () => {
  const mixed = mixPrecision(norm);
  assertEquals(checkModel(inferShapes(mixed)), []);
  for (const op of ["Mul", "ReduceMean", "Add", "Sqrt", "Div"]) {
    assert(typesBehind(mixed, op).every((dtype) => dtype === "float32"), op);
  }
  assertEquals(typesBehind(mixed, "MatMul"), ["float16"]);
});

Deno.test("mixPrecision() keeps squares that float16 cannot hold", async () => {
  await using session = await openSession(mixPrecision(norm), { provider: "cpu" });
  const { y } = await session.run({ x: fromNumbers("float16", [2, 4], Array(8).fill(1000)) });
  for (const value of toNumbers(y!)) assertAlmostEquals(value, 1, 1e-3);
});

const softmax = modelOf((b, x) => b.op("Softmax", [b.op("Add", [x, x])], { axis: -1 }));

Deno.test("mixPrecision() leaves sums alone that come from nothing wide", () => {
  const mixed = mixPrecision(softmax);
  assertEquals(typesBehind(mixed, "Add"), ["float16"]);
  assertEquals(typesBehind(mixed, "Softmax"), ["float32"]);
});

Deno.test("mixPrecision() gives what is cast to float32 afterwards without rounding it", () => {
  const cast = modelOf((b, x) => b.op("Cast", [b.op("Exp", [x])], { to: 1 }));
  const ops = mixPrecision(cast).graph.nodes.map(({ opType }) => opType);
  assertEquals(ops, ["Cast", "Exp", "Identity", "Identity"]);
});

Deno.test("mixPrecision() leaves a model of float32 as it is", () => {
  const b = new GraphBuilder();
  b.output(b.op("Softmax", [b.input("x", "float32", [2, 4])], { axis: -1 }), "y");
  const model = b.finish();
  assertEquals(mixPrecision(model), model);
});
