/** Checks a model's folder as a whole: its files are there and can be read. @module */
import { join } from "@std/path";
import { isThere } from "../data/is_there.ts";
import { openModelDirectory } from "../models/directory.ts";
import { knownModelTypes } from "../models/families/family_table.ts";
import { readModelJson } from "../models/model_file.ts";
import { configSchema } from "../models/model_schema.ts";
import { decodeModel } from "../onnx/codec/decode.ts";

/**
 * Reads a model directory as an evaluation would. Of a model that is not a multimodal language model,
 * such as an encoder to build on, config.json and the graphs are read.
 *
 * @throws {Error} With what is missing or cannot be read.
 */
export async function readModelFolder(path: string): Promise<void> {
  const config = await readModelJson(join(path, "config.json"), configSchema);
  if (config === undefined) throw new SyntaxError("there is no config.json in it");
  if (knownModelTypes.includes(String(config.model_type))) {
    await (await openModelDirectory(path)).tokenizer();
  }
  for (const file of graphsOf(join(path, "onnx"))) {
    decodeModel(await Deno.readFile(file), { directory: join(path, "onnx") });
  }
}

function graphsOf(folder: string): string[] {
  const names = isThere(folder) ? [...Deno.readDirSync(folder)].map(({ name }) => name) : [];
  const graphs = names.filter((name) => name.endsWith(".onnx")).sort();
  if (graphs.length === 0) throw new SyntaxError("there is no onnx/*.onnx in it");
  return graphs.map((name) => join(folder, name));
}
