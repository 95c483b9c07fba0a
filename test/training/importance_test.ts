import { assertAlmostEquals, assertEquals } from "@std/assert";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { importanceOf } from "../../lib/training/importance.ts";

const cpu = { provider: "cpu", threads: 1 } as const;
const dims = [2, 3, 1, 2];

/** The features are the images themselves; the loss is Σ weight · feature². */
function graphs() {
  const features = new GraphBuilder({ opset: 18 });
  features.output(features.op("Identity", [features.input("images", "float32", dims)]), "hidden");
  const loss = new GraphBuilder({ opset: 18 });
  const hidden = loss.input("hidden", "float32", dims);
  const weighted = loss.op("Mul", [
    loss.op("Mul", [hidden, hidden]),
    loss.input("weight", "float32", dims),
  ]);
  loss.output(loss.op("ReduceSum", [weighted], { keepdims: 0 }), "loss");
  const gradients = addGradients(loss.finish(), { of: "loss", wrt: ["hidden"] });
  return { features: features.finish(), gradients };
}

Deno.test("importanceOf() is the direction of the loss's gradient, of length 1 for every image", async () => {
  const { features, gradients } = graphs();
  const only = { ...gradients.graph, outputs: gradients.graph.outputs.slice(1) };
  await using seen = await openSession(features, cpu);
  await using slopes = await openSession({ ...gradients, graph: only }, cpu);
  const sessions = { features: seen, gradients: slopes, hidden: ["hidden"] };
  // Only one pixel of each image matters; it is black in all eight copies with chance 0.3⁸.
  const weight = new Float32Array(12);
  [weight[1], weight[8]] = [5, -2];
  const feeds = {
    images: tensor("float32", dims, new Float32Array(12).fill(0.5)),
    weight: tensor("float32", dims, weight),
    unasked: tensor("float32", [], Float32Array.of(1)),
  };
  const { hidden } = await importanceOf(sessions, feeds, "seed");
  assertEquals(hidden!.dims, dims);
  const expected = new Float32Array(12);
  [expected[1], expected[8]] = [1, -1];
  hidden!.data.forEach((value, i) => assertAlmostEquals(Number(value), expected[i]!, 1e-5));
  assertEquals(await importanceOf(sessions, feeds, "seed"), { hidden: hidden! });
});
