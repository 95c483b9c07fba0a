/** Writes model directories. @module */
import { join } from "@std/path";
import type { DirectoryFiles } from "../zoo/vision_files.ts";
import { encodeModel } from "../onnx/codec/encode.ts";

/** Writes the files of a model directory; equal files give equal bytes. */
export async function writeDirectory(path: string, files: DirectoryFiles): Promise<void> {
  await Deno.mkdir(join(path, "onnx"), { recursive: true });
  for (const [name, content] of Object.entries(files.json)) {
    await Deno.writeTextFile(join(path, name), JSON.stringify(content, null, 1) + "\n");
  }
  for (const [name, graph] of Object.entries(files.graphs)) {
    await Deno.writeFile(join(path, "onnx", `${name}.onnx`), encodeModel(graph));
  }
}

/** Lets `read` see JSON files in a folder of their own, so that tokenizers are those of the model. */
export async function readBack<T>(
  json: DirectoryFiles["json"],
  read: (path: string) => Promise<T>,
): Promise<T> {
  const path = await Deno.makeTempDir();
  try {
    await writeDirectory(path, { json, graphs: {} });
    return await read(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}
