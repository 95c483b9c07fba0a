/**
 * Multimodal language models in the directory layout of Hugging Face and transformers.js.
 *
 * @example
 * ```ts
 * import { openModelDirectory } from "@tvp/pipeline/models";
 *
 * const directory = await openModelDirectory("zoo/mini-blip2");
 * const decoder = await directory.readPart("decoder_model_merged");
 * ```
 *
 * @module
 */
export {
  type DirectoryOptions,
  type LanguageModelDirectory,
  type ModelDirectory,
  openClipDirectory,
  openModelDirectory,
} from "./directory.ts";
export type { Family, Json } from "./families/family.ts";
export type { TextTokenizer } from "./tokenize.ts";
export type { ModelPart, PartWeights, WeightChoice, WeightType } from "./weight_types.ts";
