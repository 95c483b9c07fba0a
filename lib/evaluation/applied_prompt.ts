/** A prompt as it is put on images. @module */
import { kindOfPrompt, type Prompt } from "../artifacts/prompt.ts";
import { imageSideOf, promptKind } from "../prompts/prompt_table.ts";

/** What an evaluation has to know of a prompt to put it on images. */
export interface AppliedPrompt {
  readonly canvas: number;
  /** Side at which the image is placed. */
  readonly image: number;
  readonly delta: Float32Array;
  /** What happens to the placed images, [n, 3, S, S], before δ is added. */
  readonly transform?: (images: Float32Array) => Float32Array;
}

/** A prompt as it is put on images. */
export function appliedPrompt(prompt: Prompt): AppliedPrompt {
  const { delta, transformation, meta } = prompt;
  const { canvas } = meta;
  const kind = kindOfPrompt(prompt);
  const applied = { canvas, image: imageSideOf(kind, meta), delta: delta.data };
  const { transformation: rule } = promptKind(kind);
  if (!rule || !transformation) return applied;
  const values = Object.fromEntries(
    Object.entries(transformation).map(([name, x]) => [name, x.data]),
  );
  return { ...applied, transform: (images) => rule.apply(images, values, meta) };
}
