import { assertEquals } from "@std/assert";
import { openModelDirectory } from "../../lib/models/directory.ts";
import { narrowModel, rewriteGraphs } from "../rigs/half_model.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";

const edges = {
  // What goes round from token to token keeps its type.
  float16: { pixel_values: "float32", "past_key_values.0.key": "float16", logits: "float32" },
  // Nothing of bfloat16 is left: ONNX Runtime has next to no kernels for it on processors.
  bfloat16: { pixel_values: "float32", "past_key_values.0.key": "float32", logits: "float32" },
} as const;

for (const half of ["float16", "bfloat16"] as const) {
  Deno.test(`a directory of ${half} graphs gives parts that take and give float32`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "tvp-part-" });
    try {
      const path = await writeTinyModel(folder, "mini-minigpt4");
      await rewriteGraphs(path, (model) => narrowModel(model, half));
      const directory = await openModelDirectory(path);
      const vision = await directory.readPart("vision_encoder");
      const decoder = await directory.readPart("decoder_model_merged");
      const found = [...vision.graph.inputs, ...decoder.graph.inputs, ...decoder.graph.outputs]
        .filter(({ name }) => name in edges[half])
        .map(({ name, type }) => [name, type.kind === "tensor" ? type.dtype : type.kind]);
      assertEquals(Object.fromEntries(found), edges[half]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
