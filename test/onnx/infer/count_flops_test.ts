import { assertEquals } from "@std/assert";
import { type AttributeInput, GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { countFlops } from "../../../lib/onnx/infer/count_flops.ts";
import { inferShapes } from "../../../lib/onnx/infer/infer_shapes.ts";
import type { Dim } from "../../../lib/onnx/ir/model.ts";

/** Operations of one node on inputs of these shapes. */
function flopsOf(
  opType: string,
  shapes: readonly (readonly Dim[])[],
  attributes: Record<string, AttributeInput> = {},
  domain?: string,
) {
  const builder = new GraphBuilder({ opset: opType === "Attention" ? 23 : 18 });
  const inputs = shapes.map((dims, i) => builder.input(`x${i}`, "float32", dims));
  builder.output(builder.op(opType, inputs, attributes, domain), "y");
  return countFlops(inferShapes(builder.finish()));
}

const heads = { q_num_heads: 4, kv_num_heads: 2 };

/** Operator, shapes, attributes, closed formula. */
const cases: readonly [
  string,
  readonly (readonly number[])[],
  Record<string, AttributeInput>,
  number,
][] = [
  ["MatMul", [[5, 7], [7, 3]], {}, 2 * 5 * 7 * 3],
  ["MatMul", [[2, 4, 5, 7], [7, 3]], {}, 2 * 8 * 5 * 7 * 3],
  ["MatMul", [[7], [7]], {}, 2 * 7],
  ["Gemm", [[5, 7], [7, 3], [3]], {}, 2 * 5 * 7 * 3 + 15],
  ["Gemm", [[7, 5], [3, 7]], { transA: 1, transB: 1 }, 2 * 5 * 7 * 3],
  ["Conv", [[2, 6, 8, 8], [10, 6, 3, 3], [10]], { pads: [1, 1, 1, 1] }, 2 * 1280 * 54 + 1280],
  ["Conv", [[2, 6, 8, 8], [6, 1, 2, 2]], { group: 6, strides: [2, 2] }, 2 * 2 * 6 * 16 * 4],
  ["ConvTranspose", [[1, 6, 4, 4], [6, 5, 2, 2]], { strides: [2, 2] }, 2 * 96 * 5 * 4],
  ["Einsum", [[2, 5, 7], [2, 7, 3]], { equation: "bij,bjk->bik" }, 2 * 2 * 5 * 7 * 3],
  ["Attention", [[2, 4, 5, 8], [2, 4, 9, 8], [2, 4, 9, 6]], {}, 2 * 4 * 5 * 9 * (2 * 14 + 5)],
  ["Attention", [[2, 5, 32], [2, 9, 16], [2, 9, 16]], heads, 2 * 4 * 5 * 9 * (2 * 16 + 5)],
  ["Add", [[4, 1], [1, 6]], {}, 24],
  ["Sum", [[6], [6], [6]], {}, 12],
  ["Exp", [[4, 6]], {}, 24],
  ["Softmax", [[4, 6]], { axis: -1 }, 120],
  ["ReduceSum", [[4, 6]], {}, 24],
  ["Transpose", [[4, 6]], {}, 0],
  ["Shape", [[4, 6]], {}, 0],
];

for (const [opType, shapes, attributes, expected] of cases) {
  Deno.test(`countFlops() of ${opType} on ${JSON.stringify(shapes)} is ${expected}`, () => {
    assertEquals(flopsOf(opType, shapes, attributes), {
      total: expected,
      byOp: expected === 0 ? {} : { [opType]: expected },
      uncounted: [],
    });
  });
}

Deno.test("countFlops() knows the fused attention of ONNX Runtime", () => {
  const shapes = [[2, 5, 32], [2, 9, 32], [2, 9, 32]];
  const { total } = flopsOf("MultiHeadAttention", shapes, { num_heads: 4 }, "com.microsoft");
  assertEquals(total, 2 * 4 * 5 * 9 * (2 * 16 + 5));
});

Deno.test("countFlops() names what it cannot count", () => {
  const count = flopsOf("MatMul", [["n", 7], [7, 3]]);
  assertEquals([count.total, count.uncounted.length], [0, 1]);
  assertEquals(count.uncounted[0]!.endsWith("(MatMul)"), true);
});

Deno.test("countFlops() sums a graph by operator, the largest first", () => {
  const builder = new GraphBuilder();
  const x = builder.input("x", "float32", ["batch", 8]);
  const w = builder.input("w", "float32", [8, 4]);
  const y = builder.op("MatMul", [x, w]);
  builder.output(builder.op("Relu", [builder.op("Add", [y, y])]), "y");
  const { total, byOp } = countFlops(inferShapes(builder.finish(), { dims: { batch: 3 } }));
  assertEquals([total, Object.entries(byOp)], [
    2 * 3 * 8 * 4 + 24,
    [["MatMul", 192], ["Add", 12], ["Relu", 12]],
  ]);
});
