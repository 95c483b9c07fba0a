import { assertEquals } from "@std/assert";
import { rewriteNodes } from "../../../lib/autodiff/engine/rewrite.ts";
import { checkModel } from "../../../lib/onnx/infer/check.ts";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import type { Model } from "../../../lib/onnx/ir/model.ts";
import { tensor } from "../../../lib/tensor/tensor.ts";
import { runOnce } from "../gradient_case.ts";

/** y = −sin(x) + |x|, with names as a builder gives them. */
function example(): Model {
  const b = new GraphBuilder({ opset: 18 });
  const x = b.input("x", "float32", [2]);
  b.output(b.op("Add", [b.op("Neg", [b.op("Sin", [x])]), b.op("Abs", [x])]), "y");
  return b.finish();
}

const feeds = { x: tensor("float32", [2], Float32Array.of(-1, 2)) };

Deno.test("rewriteNodes() keeps a graph that nothing is replaced in", () => {
  const model = example();
  const result = rewriteNodes(model, () => undefined);
  assertEquals(result.graph.nodes, model.graph.nodes);
  assertEquals(result.graph.outputs, model.graph.outputs);
});

Deno.test("rewriteNodes() does not take the names of nodes that are still to come", async () => {
  const replace = (model: Model, opType: string) =>
    rewriteNodes(
      model,
      (node, b) =>
        node.opType === opType ? [b.op("Neg", [b.op("Abs", [node.inputs[0]!])])] : undefined,
    );
  const once = replace(example(), "Sin");
  const again = replace(once, "Neg");
  for (const model of [once, again]) assertEquals(checkModel(model), []);
  // −(−|x|) + |x|
  const { y } = await runOnce(once, feeds);
  assertEquals([...y!.data], [2, 4]);
});

Deno.test("rewriteNodes() gives the original node beside the one with new inputs", () => {
  const model = example();
  const seen: string[][] = [];
  rewriteNodes(model, (node, b, original) => {
    seen.push([original.opType, original.inputs.join(), node.inputs.join()]);
    return node.opType === "Sin" ? [b.op("Cos", [node.inputs[0]!])] : undefined;
  });
  const neg = seen.find(([opType]) => opType === "Neg");
  assertEquals(neg?.[1] === neg?.[2], false);
});
