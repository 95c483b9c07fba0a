import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { folderBytes, partFiles, partSize } from "../../lib/models/part_files.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "onnx"));
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("partFiles() tells parts and types of weights apart", () =>
  withFolder(async (folder) => {
    const names = [
      "decoder_model_merged_q4f16.onnx",
      "decoder_model_merged_q4.onnx",
      "decoder_model_merged.onnx",
      "decoder_model_merged.onnx_data",
      "vision_encoder_quantized.onnx",
      "vision_encoder_fp16.onnx",
    ];
    for (const name of names) await Deno.writeTextFile(join(folder, "onnx", name), "12345");
    assertEquals((await partFiles(folder)).map(({ part, weights }) => `${part} ${weights}`), [
      "decoder_model_merged fp32",
      "decoder_model_merged q4",
      "decoder_model_merged q4f16",
      "vision_encoder fp16",
      "vision_encoder q8",
    ]);
    assertEquals(await folderBytes(folder), 30);
    assertEquals(await partFiles(join(folder, "onnx")), []);
  }));

Deno.test("partSize() counts weights inside and beside a graph", () =>
  withFolder(async (folder) => {
    const builder = new GraphBuilder();
    const inner = builder.initializer("inner", tensor("float32", [3], new Float32Array(3)));
    const outer = builder.initializer("outer", {
      dtype: "float16",
      dims: [4],
      data: { kind: "external", directory: "", location: "w.bin", offset: 0, length: 8 },
    });
    builder.output(inner, "x");
    builder.output(outer, "y");
    const bytes = encodeModel(builder.finish());
    await Deno.writeFile(join(folder, "onnx/vision_encoder.onnx"), bytes);
    await Deno.writeFile(join(folder, "onnx/w.bin"), new Uint8Array(8));
    const [file] = await partFiles(folder);
    assertEquals(await partSize(folder, file!), {
      parameters: 7,
      weightBytes: 20,
      fileBytes: bytes.length + 8,
    });
  }));
