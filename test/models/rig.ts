/** The recorded models as subjects of other tests. @module */
import { fromFileUrl } from "@std/path";
import { type LanguageModelDirectory, openModelDirectory } from "../../lib/models/directory.ts";
import { openTextEncoder, type TextEncoder } from "../../lib/models/prompt_text.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

/** Path of a recorded model. */
export function recordedModel(name: string): string {
  return fromFileUrl(new URL(`../golden/mllm/${name}`, import.meta.url));
}

/** A recorded model with its text encoder. */
export async function openRecorded(
  name: string,
): Promise<{ directory: LanguageModelDirectory; text: TextEncoder }> {
  const directory = await openModelDirectory(recordedModel(name));
  return { directory, text: await openTextEncoder(directory) };
}

/** Random `pixel_values` of the recorded models' size. */
export function randomPixels(batch: number, seed = 0): Tensor<"float32"> {
  const random = new Random(seed);
  const data = Float32Array.from({ length: batch * 3 * 32 * 32 }, () => random.normal());
  return tensor("float32", [batch, 3, 32, 32], data);
}
