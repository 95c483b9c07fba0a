/** Copies of model directories with weights of 16 bits. @module */
import { join } from "@std/path";
import { storeHalf } from "../onnx/passes/store_half.ts";
import { readModelFile } from "../runtime/read_model.ts";
import { readRange } from "../runtime/weight_files.ts";
import { writeModel } from "../runtime/write_model.ts";
import { copyTree } from "./copy_tree.ts";

/** Copies a model directory, the weights of its graphs stored in 16 bits and computed with in 32. */
export async function storeDirectoryHalf(from: string, to: string): Promise<void> {
  await copyTree(from, to);
  // What lay beside a graph is in it from now on, or is written again with it.
  await Deno.remove(join(to, "onnx"), { recursive: true });
  await Deno.mkdir(join(to, "onnx"));
  for await (const { name } of Deno.readDir(join(from, "onnx"))) {
    if (!name.endsWith(".onnx")) continue;
    const model = await readModelFile(join(from, "onnx", name));
    await writeModel(storeHalf(model, readRange), join(to, "onnx", name));
  }
}
