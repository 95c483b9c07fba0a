/** Captions through CLIP's text tower. @module */
import { openSession } from "../runtime/session.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { ModelDirectory } from "./directory.ts";
import { pad } from "./text_batch.ts";

/** Where to run. */
export interface EmbedOptions {
  readonly provider: "auto" | "cpu" | "cuda" | "webgpu";
  readonly threads: number;
}

/**
 * Embeds texts.
 *
 * @returns float32 [texts, width], rows of unit length.
 * @throws {DiagnosticError} If the directory has no `text_model` or no tokenizer.
 */
export async function embedTexts(
  directory: ModelDirectory,
  texts: readonly string[],
  options: EmbedOptions,
): Promise<Tensor<"float32">> {
  const tokenizer = await directory.tokenizer();
  const rows = texts.map((text) => tokenizer.encode(text, true));
  const padToken = tokenizer.idOf(String(tokenizer.config.pad_token)) ?? 0;
  await using session = await openSession(await directory.readPart("text_model"), options);
  const all: Record<string, Tensor> = {
    input_ids: pad(rows, padToken),
    attention_mask: pad(rows.map((ids) => ids.map(() => 1)), 0),
  };
  const feeds = Object.fromEntries(session.inputs.map(({ name }) => [name, all[name]!]));
  const { text_embeds } = await session.run(feeds, ["text_embeds"]);
  return unitRows(text_embeds as Tensor<"float32">);
}

/** Divides every row by its length. */
function unitRows({ dims, data }: Tensor<"float32">): Tensor<"float32"> {
  const [rows = 0, width = 0] = dims;
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const values = data.subarray(row * width, (row + 1) * width);
    const length = Math.hypot(...values);
    values.forEach((value, i) => out[row * width + i] = value / length);
  }
  return tensor("float32", dims, out);
}
