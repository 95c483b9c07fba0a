import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { mapWeights } from "../../lib/onnx/ir/map_weights.ts";
import type { Weight } from "../../lib/onnx/ir/model.ts";
import { readPartFile } from "../../lib/models/read_part.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
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

Deno.test("small weights in other files, such as shapes, are read with the graph", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tvp-part-" });
  try {
    const b = new GraphBuilder();
    const x = b.input("x", "float32", ["n", 512]);
    const large = b.initializer("large", tensor("float32", [512], new Float32Array(512)));
    const shape = b.initializer("shape", tensor("int64", [2], BigInt64Array.of(-1n, 256n)));
    b.output(b.op("Reshape", [b.op("Add", [x, large]), shape]), "y");
    const model = b.finish();
    const bytes = new Uint8Array(512 * 4 + 16);
    bytes.set(new Uint8Array(BigInt64Array.of(-1n, 256n).buffer), 512 * 4);
    await Deno.writeFile(join(folder, "w.data"), bytes);
    const external = (weight: Weight, name: string): Weight => {
      const [offset, length] = name === "large" ? [0, 512 * 4] : [512 * 4, 16];
      const data = { kind: "external", directory: folder, location: "w.data", offset, length };
      return { ...weight, data: data as Weight["data"] };
    };
    await Deno.writeFile(join(folder, "m.onnx"), encodeModel(mapWeights(model, external)));
    const { graph } = await readPartFile(join(folder, "m.onnx"));
    const kinds = [...graph.initializers].map(([name, { data }]) => [name, data.kind]);
    assertEquals(kinds, [["large", "external"], ["shape", "inline"]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("ids and masks are taken as int64, whatever a graph declares; what is none stays", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tvp-part-" });
  try {
    const b = new GraphBuilder();
    const declared = {
      input_ids: "int32",
      attention_mask: "float32",
      qformer_attention_mask: "bool",
      use_cache_branch: "bool",
      inputs_embeds: "float32",
    } as const;
    for (const [name, dtype] of Object.entries(declared)) {
      b.output(b.op("Identity", [b.input(name, dtype, ["n"])]), `${name}_out`);
    }
    await Deno.writeFile(join(folder, "m.onnx"), encodeModel(b.finish()));
    const { graph } = await readPartFile(join(folder, "m.onnx"));
    const typesOf = (values: typeof graph.inputs) =>
      values.map(({ type }) => type.kind === "tensor" && type.dtype);
    assertEquals(typesOf(graph.inputs), ["int64", "int64", "int64", "bool", "float32"]);
    assertEquals(typesOf(graph.outputs), Object.values(declared));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
