import { assertEquals } from "@std/assert";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { renameInlined } from "../../../lib/onnx/passes/rename_inlined.ts";

Deno.test("renameInlined() renames inner values of inlined functions, not outputs", () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2]);
  b.output(b.op("Exp", [b.op("Sin", [x])]), "y");
  const model = b.finish();
  const names: Record<string, string> = {};
  for (const { opType, outputs } of model.graph.nodes) names[opType] = outputs[0]!;
  const inlined = (name: string) => name === names.Sin ? "_inlfunc_f_token_8_a" : name;
  const nodes = model.graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(inlined),
    outputs: node.outputs.map(inlined),
  }));
  const saved = { ...model, graph: { ...model.graph, nodes } };
  const { graph } = renameInlined(saved);
  const [sin, exp] = ["Sin", "Exp"].map((op) => graph.nodes.find((node) => node.opType === op)!);
  assertEquals([sin!.outputs, exp!.inputs], [["saved_inlfunc_f_token_8_a"], sin!.outputs]);
  assertEquals(graph.outputs.map(({ name }) => name), ["y"]);
  assertEquals(renameInlined(model), model);
});
