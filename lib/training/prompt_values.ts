/** A prompt, or a baseline, as the values that a graph of its kind takes. @module */
import type { Canvas } from "../prompts/prompt_kind.ts";
import { initialParameters, parameterPlaces } from "../prompts/prompt_parameters.ts";
import { kindOfPrompt, type Prompt } from "../artifacts/prompt.ts";
import type { AnyPromptKind } from "../prompts/prompt_table.ts";

/** A kind of prompt at a size, and its values. */
export interface PromptValues extends Canvas {
  readonly kind: AnyPromptKind;
  readonly values: Float32Array;
}

/** The values of a prompt. */
export function valuesOf(prompt: Prompt): PromptValues {
  const { delta, transformation = {}, meta } = prompt;
  const { canvas, image } = meta;
  const kind = kindOfPrompt(prompt);
  const values = initialParameters(kind, meta);
  for (const { name, start } of parameterPlaces(kind, meta)) {
    values.set(name === "delta" ? delta.data : transformation[name]!.data, start);
  }
  return { kind, canvas, image, values };
}

/** No prompt: `shrunk` as a prompt has it, or the whole picture. */
export function baselineValues(sizes: Canvas, picture: "shrunk" | "whole"): PromptValues {
  const kind = picture === "whole" ? "padding" : "frame";
  const { canvas, image } = sizes;
  return { kind, canvas, image, values: initialParameters(kind, sizes) };
}
