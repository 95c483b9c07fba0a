/** Turns a prompt, or a baseline, into the values that a graph of its kind takes. @module */
import { kindOfPrompt, type Prompt, type PromptMeta } from "../artifacts/prompt.ts";
import type { Canvas } from "../prompts/prompt_kind.ts";
import { initialParameters, parameterPlaces } from "../prompts/prompt_parameters.ts";
import type { AnyPromptKind } from "../prompts/prompt_table.ts";
import { parameterTensors } from "../tensor/flat_parameters.ts";

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

/** The prompt that has these values. */
export function promptOf({ values, kind, ...sizes }: PromptValues, meta: PromptMeta): Prompt {
  const { delta, ...transformation } = parameterTensors(parameterPlaces(kind, sizes), values);
  return { delta: delta!, transformation, meta };
}

/** No prompt: `shrunk` as for a prompt, or the whole image. */
export function baselineValues(sizes: Canvas, placement: "shrunk" | "whole"): PromptValues {
  const kind = placement === "whole" ? "padding" : "frame";
  const { canvas, image } = sizes;
  return { kind, canvas, image, values: initialParameters(kind, sizes) };
}
