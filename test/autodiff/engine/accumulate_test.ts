import { assert, assertEquals } from "@std/assert";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { GraphBuilder, type Value } from "../../../lib/onnx/build/builder.ts";
import { floats, runOnce } from "../gradient_case.ts";

/** Gradient of Σ wᵢ · slice(x, cutᵢ), and the ops it takes. */
async function gradientOfCuts(cuts: readonly [number, number][]) {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [6]);
  const cut = ([start, end]: [number, number]): Value =>
    b.op("Slice", [x, b.int64s([start]), b.int64s([end])]);
  const terms = cuts.map((range, i) =>
    b.op("ReduceSum", [b.op("Mul", [cut(range), b.scalar(i + 1)])], { keepdims: 0 })
  );
  b.output(b.op("Sum", terms), "y");
  const model = addGradients(b.finish(), { of: "y", wrt: ["x"] });
  const results = await runOnce(model, { x: floats([6], 0, 0, 0, 0, 0, 0) });
  const ops = new Set(model.graph.nodes.map(({ opType }) => opType));
  return { gradient: Array.from(results["grad.x"]!.data, Number), ops };
}

Deno.test("addGradients() joins the parts of a value that was cut up", async () => {
  const { gradient, ops } = await gradientOfCuts([[2, 4], [0, 2], [4, 6]]);
  assertEquals(gradient, [2, 2, 1, 1, 3, 3]);
  assert(!ops.has("Pad"));
});

Deno.test("addGradients() adds parts that overlap and pads what is left out", async () => {
  const cases: [[number, number][], number[]][] = [
    [[[1, 3], [3, 5]], [0, 1, 1, 2, 2, 0]],
    [[[0, 2], [4, 6]], [1, 1, 0, 0, 2, 2]],
    [[[0, 4], [2, 6]], [1, 1, 3, 3, 2, 2]],
    [[[0, 3], [3, 6], [0, 3], [0, 6]], [8, 8, 8, 6, 6, 6]],
  ];
  for (const [cuts, expected] of cases) {
    assertEquals((await gradientOfCuts(cuts)).gradient, expected);
  }
});
