import { assertEquals } from "@std/assert";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";

Deno.test("addGradients() goes back from SpaceToDepth in the order in which its mode goes there", () => {
  for (const mode of ["DCR", "CRD"]) {
    const b = new GraphBuilder({ opset: 28 });
    const x = b.input("x", "float32", [1, 2, 4, 4]);
    b.output(b.op("SpaceToDepth", [x], { blocksize: 2, mode }), "y");
    const { graph } = addGradients(b.finish(), { cotangents: ["y"], wrt: ["x"] });
    const back = graph.nodes.find(({ opType }) => opType === "DepthToSpace");
    assertEquals(back?.attributes["mode"], { type: "string", value: mode });
  }
});
