import { assertEquals } from "@std/assert";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { openSession } from "../../../lib/runtime/session.ts";
import { fromNumbers, toNumbers } from "../../../lib/tensor/convert.ts";

/** ∂x of y = MaxPool(x), weighted by 1, 2, … in the order of y. */
async function gradientOf(
  values: readonly number[],
  dims: readonly number[],
  attributes: { readonly kernel_shape: readonly number[]; readonly strides: readonly number[] },
): Promise<{ readonly ops: readonly string[]; readonly grad: number[] }> {
  const b = new GraphBuilder({ opset: 18 });
  b.output(b.op("MaxPool", [b.input("x", "float32", dims)], attributes), "y");
  const model = addGradients(b.finish(), { cotangents: ["y"], wrt: ["x"] });
  await using session = await openSession(model, { provider: "cpu" });
  const ct = session.inputs.find(({ name }) => name === "ct.y")!.dims as number[];
  const count = ct.reduce((product, dim) => product * dim);
  const outputs = await session.run({
    x: fromNumbers("float32", dims, values),
    "ct.y": fromNumbers("float32", ct, Array.from({ length: count }, (_, i) => i + 1)),
  });
  const ops = model.graph.nodes.map(({ opType }) => opType);
  return { ops, grad: [...toNumbers(outputs["grad.x"]!)] };
}

const square = { kernel_shape: [2, 2], strides: [2, 2] };

Deno.test("MaxPool side by side gives the gradient to the first of the largest, without indices", async () => {
  const { ops, grad } = await gradientOf(
    [
      ...[0, 0, 1, 3],
      ...[0, 0, 3, 3],
      ...[-0, 0, -1, -2],
      ...[0, -0, -1, -1],
    ],
    [1, 1, 4, 4],
    square,
  );
  assertEquals(grad, [
    ...[1, 0, 0, 2],
    ...[0, 0, 0, 0],
    ...[3, 0, 4, 0],
    ...[0, 0, 0, 0],
  ]);
  assertEquals(ops.includes("ScatterElements"), false);
});

Deno.test("MaxPool of windows that overlap gives the gradient to the first of the largest as well", async () => {
  const { ops, grad } = await gradientOf([0, 0, 0, 0, 5, 0, 0, 5, 0], [1, 1, 3, 3], {
    kernel_shape: [2, 2],
    strides: [1, 1],
  });
  assertEquals(grad, [0, 0, 0, 0, 10, 0, 0, 0, 0]);
  assertEquals(ops.includes("ScatterElements"), true);
});

Deno.test("MaxPool gives no gradient where a tile holds nothing but NaN", async () => {
  const { grad } = await gradientOf([NaN, NaN, 1, 2, NaN, NaN, 3, 4], [1, 1, 2, 4], square);
  assertEquals(grad.slice(2, 4).concat(grad.slice(6)), [0, 0, 0, 2]);
  assertEquals([0, 1, 4, 5].map((i) => grad[i]), [0, 0, 0, 0]);
});
