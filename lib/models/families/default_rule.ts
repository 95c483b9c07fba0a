/** Opens models whose family has no file here. @module */
import type { Family, Json } from "./family.ts";
import { llava } from "./llava.ts";

const { processorType: _, ...asLlava } = llava;

/**
 * Image features take the places of image tokens, one after another. The image processor is the one
 * that the directory names, and a model with an encoder for texts is an encoder-decoder.
 */
export const defaultRule: Family = { ...asLlava, modelTypes: [] };

/** What to say when the rule is used. */
export function defaultRuleWarning({ model_type: type }: Json, name: string): string {
  const shown = JSON.stringify(type) ?? "absent";
  return `Model "${name}" is opened by the default rule, because its model_type ${shown} is not known: image features replace the image tokens`;
}
