import { assertEquals } from "@std/assert";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { checkModel } from "../../../lib/onnx/infer/check.ts";
import { inferShapes } from "../../../lib/onnx/infer/infer_shapes.ts";
import type { Half } from "../../../lib/onnx/ir/half.ts";
import type { Model } from "../../../lib/onnx/ir/model.ts";
import { widenEdges } from "../../../lib/onnx/passes/widen_edges.ts";
import { openSession } from "../../../lib/runtime/session.ts";
import { fromNumbers, toNumbers } from "../../../lib/tensor/convert.ts";

const dtypesOf = ({ graph }: Model) =>
  [...graph.inputs, ...graph.outputs].map(({ name, type }) => [
    name,
    type.kind === "tensor" ? type.dtype : type.kind,
  ]);

/** y = −x, z = x as it is, and n = 2 i. */
function edgesOf(dtype: Half): Model {
  const b = new GraphBuilder();
  const x = b.input("x", dtype, [2]);
  const past = b.input("past.0", dtype, [2]);
  const i = b.input("i", "int64", [1]);
  b.output(b.op("Neg", [x]), "y");
  b.output(b.op("Identity", [past]), "present.0");
  b.output(b.op("Add", [i, i]), "n");
  return b.finish();
}

for (const dtype of ["float16", "bfloat16"] as const) {
  Deno.test(`widenEdges() gives ${dtype} models inputs and outputs of float32`, () => {
    const wide = widenEdges(edgesOf(dtype), (name) => /^p/.test(name));
    assertEquals(dtypesOf(wide), [
      ["x", "float32"],
      ["past.0", dtype],
      ["i", "int64"],
      ["y", "float32"],
      ["present.0", dtype],
      ["n", "int64"],
    ]);
    assertEquals(checkModel(inferShapes(wide)), []);
    assertEquals(inferShapes(wide).graph.values.get("x/inner"), {
      kind: "tensor",
      dtype,
      dims: [2],
    });
  });
}

Deno.test("widenEdges() computes in between as before", async () => {
  await using session = await openSession(widenEdges(edgesOf("float16")), {
    provider: "cpu",
    graphOptimization: "disabled", // which would leave out both casts
  });
  const x = fromNumbers("float32", [2], [1, 1 + 2 ** -12]);
  const { y } = await session.run({
    x,
    "past.0": x,
    i: { dtype: "int64", dims: [1], data: BigInt64Array.of(4n) },
  });
  assertEquals([...toNumbers(y!)], [-1, -1]); // rounded to float16 on the way in
});

Deno.test("widenEdges() widens an input that is also an output, and one that a branch reads", () => {
  const branch = () => {
    const inner = new GraphBuilder();
    inner.output(inner.op("Neg", ["x"]), "z");
    return inner.finish().graph;
  };
  const b = new GraphBuilder();
  b.input("x", "float16", [2]);
  const [z] = b.node("If", [b.input("c", "bool", [])], {
    attributes: {
      then_branch: { type: "graph", value: branch() },
      else_branch: { type: "graph", value: branch() },
    },
  });
  b.output(z!, "y");
  const wide = widenEdges(b.finish());
  const inner = wide.graph.nodes.find(({ opType }) => opType === "If")!.attributes.then_branch!;
  assertEquals(inner.type === "graph" && inner.value.nodes[0]!.inputs, ["x/inner"]);
  assertEquals(dtypesOf(wide).map(([, dtype]) => dtype), ["float32", "bool", "float32"]);
});

Deno.test("widenEdges() leaves other models as they are", () => {
  const b = new GraphBuilder();
  b.output(b.op("Neg", [b.input("x", "float32", ["n"])]), "y");
  const model = b.finish();
  assertEquals(widenEdges(model), model);
});
