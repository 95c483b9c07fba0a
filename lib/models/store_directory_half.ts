/** Copies of model directories with weights of 16 bits. @module */
import { join } from "@std/path";
import { storeHalf } from "../onnx/passes/store_half.ts";
import { readModelFile } from "../runtime/read_model.ts";
import { readRange } from "../runtime/weight_files.ts";
import { writeModel } from "../runtime/write_model.ts";
import { copyTree } from "./copy_tree.ts";
import { listOnnx } from "./directory.ts";
import { unreadable } from "./model_file.ts";

/**
 * Copies a model directory, the weights of its graphs stored in 16 bits and computed with in 32.
 *
 * @throws {DiagnosticError} If it has no graphs, or one that cannot be read.
 */
export async function storeDirectoryHalf(from: string, to: string): Promise<void> {
  const folder = join(from, "onnx");
  const graphs = listOnnx(from).filter((name) => name.endsWith(".onnx"));
  if (graphs.length === 0) throw unreadable(folder, "there is no .onnx file");
  // What lies beside a graph is in it from now on, or is written again with it.
  await copyTree(from, to, folder);
  await Deno.mkdir(join(to, "onnx"));
  for (const name of graphs) {
    const model = await readModelFile(join(folder, name));
    await writeModel(storeHalf(model, readRange), join(to, "onnx", name));
  }
}
