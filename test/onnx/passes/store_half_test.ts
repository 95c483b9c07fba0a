import { assert, assertEquals } from "@std/assert";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { checkModel } from "../../../lib/onnx/infer/check.ts";
import { encodeModel } from "../../../lib/onnx/codec/encode.ts";
import { storeHalf } from "../../../lib/onnx/passes/store_half.ts";
import { openSession } from "../../../lib/runtime/session.ts";
import { Random } from "../../../lib/tensor/random.ts";
import { tensor } from "../../../lib/tensor/tensor.ts";

const random = new Random(3);
const normal = (dims: readonly number[]) =>
  tensor(
    "float32",
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => random.normal()),
  );

/** x · w + b, where w may hold one large value. */
function product(value = 1) {
  const b = new GraphBuilder();
  const matrix = normal([32, 16]);
  matrix.data[7] = value;
  const w = b.initializer("w", matrix);
  const shift = b.initializer("b", normal([16]));
  b.output(b.op("Add", [b.op("MatMul", [b.input("x", "float32", [4, 32]), w]), shift]), "y");
  return b.finish();
}

Deno.test("storeHalf() halves matrices, and computes nearly the same in float32", async () => {
  const model = product();
  const half = storeHalf(model);
  assertEquals(checkModel(half), []);
  const kept = [...half.graph.initializers].map(([name, { dtype }]) => [name, dtype]);
  assertEquals(kept, [["w", "float16"], ["b", "float32"]]);
  assertEquals(
    [...half.graph.inputs, ...half.graph.outputs].map(({ type }) => type),
    [
      ...model.graph.inputs,
      ...model.graph.outputs,
    ].map(({ type }) => type),
  );
  assert(encodeModel(half).length < 0.65 * encodeModel(model).length);
  const x = normal([4, 32]);
  const [exact, rounded] = await Promise.all([model, half].map(async (one) => {
    await using session = await openSession(one, { provider: "cpu", threads: 1 });
    return (await session.run({ x })).y!.data as Float32Array;
  }));
  exact!.forEach((value, i) => assert(Math.abs(value - rounded![i]!) < 0.02, `${i}`));
  assert(exact!.some((value, i) => value !== rounded![i]));
});

Deno.test("storeHalf() leaves weights that float16 cannot hold", () => {
  const { graph } = storeHalf(product(1e5));
  assertEquals(graph.initializers.get("w")!.dtype, "float32");
  assertEquals(graph.nodes.map(({ opType }) => opType), ["MatMul", "Add", "Identity"]);
});
