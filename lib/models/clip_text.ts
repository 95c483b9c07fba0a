/** Text embeddings of a CLIP model. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { openSession, type SessionOptions } from "../runtime/session.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { ModelDirectory } from "./directory.ts";
import { numberIn, objectIn } from "./families/family.ts";
import { specialTokenTexts } from "./special_token_texts.ts";
import type { TextTokenizer } from "./tokenize.ts";
import { pad } from "./text_batch.ts";

/**
 * Embeds texts with `text_model`.
 *
 * @returns float32 [texts, width], each row of unit length.
 * @throws {DiagnosticError} If the directory has no text model or its output is not `text_embeds`.
 */
export async function embedTexts(
  directory: ModelDirectory,
  texts: readonly string[],
  options: Pick<SessionOptions, "provider" | "threads">,
): Promise<Tensor<"float32">> {
  const tokenizer = await directory.tokenizer();
  await using session = await openSession(await directory.readPart("text_model"), options);
  const ids = texts.map((text) => tokenizer.encode(text, true));
  const known: Record<string, Tensor> = {
    input_ids: pad(ids, padToken(directory, tokenizer)),
    attention_mask: pad(ids.map((row) => row.map(() => 1)), 0),
  };
  const feeds = Object.fromEntries(
    session.inputs.filter(({ name }) => name in known).map(({ name }) => [name, known[name]!]),
  );
  const { text_embeds: embeds } = await session.run(feeds);
  if (embeds?.dtype === "float32") return unitRows(embeds as Tensor<"float32">);
  throw new DiagnosticError([{
    code: "model-incomplete",
    severity: "error",
    message:
      `Cannot embed texts with model "${directory.name}": its text model has no float32 output "text_embeds"`,
    notes: [`Outputs: ${session.outputs.map(({ name }) => name).join(", ")}`],
  }]);
}

function padToken({ config }: ModelDirectory, tokenizer: TextTokenizer): number {
  const named = specialTokenTexts(tokenizer.config).pad_token;
  return (named === undefined ? undefined : tokenizer.idOf(named)) ??
    numberIn(objectIn(config, "text_config"), "pad_token_id") ?? 0;
}

/** Divides every row by its length. */
export function unitRows({ dims, data }: Tensor<"float32">): Tensor<"float32"> {
  const width = dims.at(-1)!;
  const unit = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += width) {
    const row = data.subarray(start, start + width);
    const norm = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < width; i++) unit[start + i] = row[i]! / norm;
  }
  return tensor("float32", dims, unit);
}
