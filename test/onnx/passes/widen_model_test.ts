import { assert, assertEquals } from "@std/assert";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { checkModel } from "../../../lib/onnx/infer/check.ts";
import { inferShapes } from "../../../lib/onnx/infer/infer_shapes.ts";
import type { Model } from "../../../lib/onnx/ir/model.ts";
import { widenModel } from "../../../lib/onnx/passes/widen_model.ts";
import { weightFromTensor } from "../../../lib/onnx/ir/weight.ts";
import { openSession } from "../../../lib/runtime/session.ts";
import { fromNumbers, toNumbers } from "../../../lib/tensor/convert.ts";

const half = 10;

/** y = (x w + 1 − 1) · c, where the sum rounds in 16 bits; `x` and `y` as 16-bit or 32-bit floats. */
function halfModel(dtype: "float16" | "float32"): Model {
  const b = new GraphBuilder();
  const x = b.input("x", dtype, [1, 2]);
  const narrow = b.op("Cast", [x], { to: half });
  const w = b.initializer("w", fromNumbers("float16", [2, 1], [1, 2]));
  const product = b.op("MatMul", [dtype === "float16" ? x : narrow, w]);
  const far = b.op("Add", [product, b.scalar(2048, "float16")]);
  const near = b.op("Sub", [far, b.scalar(2048, "float16")]);
  b.output(dtype === "float16" ? near : b.op("Cast", [near], { to: 1 }), "y");
  return b.finish();
}

async function valueOf(model: Model, dtype: "float16" | "float32"): Promise<number> {
  await using session = await openSession(model, {
    provider: "cpu",
    graphOptimization: "disabled",
  });
  const { y } = await session.run({ x: fromNumbers(dtype, [1, 2], [0.25, 0.125]) });
  assertEquals(y?.dtype, dtype);
  return toNumbers(y!)[0]!;
}

for (const dtype of ["float16", "float32"] as const) {
  Deno.test(`widenModel() rounds nothing between inputs and outputs of ${dtype}`, async () => {
    const model = halfModel(dtype);
    const wide = widenModel(model);
    assertEquals(checkModel(inferShapes(wide)), []);
    assertEquals(wide.graph.initializers, model.graph.initializers);
    assertEquals(wide.graph.inputs, model.graph.inputs);
    const narrow = (m: Model) =>
      [...inferShapes(m).graph.values].filter(([, type]) =>
        type.kind === "tensor" && type.dtype === "float16"
      );
    assert(narrow(model).length > 0);
    assertEquals(narrow(wide), []);
    // ONNX Runtime may or may not round the sum of the narrow model.
    assertEquals(await valueOf(wide, dtype), 0.5);
  });
}

Deno.test("widenModel() leaves a model alone that has no 16-bit weights", () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2]);
  b.output(b.op("Cast", [b.op("Cast", [x], { to: half })], { to: 1 }), "y");
  const model = b.finish();
  assertEquals(widenModel(model), model);
});

Deno.test("widenModel() widens branches and the constants in them", async () => {
  const branch = (value: number) => {
    const inner = new GraphBuilder();
    const z = inner.op("Constant", [], {
      value: { type: "tensor", value: weight("float16", [value]) },
    });
    inner.output(z, "z");
    return inner.finish().graph;
  };
  const b = new GraphBuilder();
  const x = b.input("x", "float16", [1, 2]);
  b.initializer("w", fromNumbers("float16", [2], [1, 1]));
  const [z] = b.node("If", [b.input("condition", "bool", [])], {
    attributes: {
      then_branch: { type: "graph", value: branch(3) },
      else_branch: { type: "graph", value: branch(5) },
    },
  });
  b.output(b.op("Mul", [b.op("Mul", [x, "w"]), z!]), "y");
  const wide = widenModel(b.finish());
  await using session = await openSession(wide, { provider: "cpu" });
  const { y } = await session.run({
    x: fromNumbers("float16", [1, 2], [1, 2]),
    condition: { dtype: "bool", dims: [], data: Uint8Array.of(0) },
  });
  assertEquals([...toNumbers(y!)], [5, 10]);
});

function weight(dtype: "float16", values: readonly number[]) {
  return weightFromTensor(fromNumbers(dtype, [values.length], values));
}
