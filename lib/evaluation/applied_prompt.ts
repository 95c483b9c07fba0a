/** A prompt as it is put on pictures. @module */
import { kindOfPrompt, type Prompt } from "../artifacts/prompt.ts";
import { pictureSideOf, promptKind } from "../prompts/prompt_table.ts";

/** What an evaluation has to know of a prompt to put it on pictures. */
export interface AppliedPrompt {
  readonly canvas: number;
  /** Side at which the picture is placed. */
  readonly image: number;
  readonly delta: Float32Array;
  /** What happens to the placed pictures, [n, 3, S, S], before δ is added. */
  readonly transform?: (photos: Float32Array) => Float32Array;
}

/** A prompt as it is put on pictures. */
export function appliedPrompt(prompt: Prompt): AppliedPrompt {
  const { delta, transformation, meta } = prompt;
  const { canvas } = meta;
  const kind = kindOfPrompt(prompt);
  const applied = { canvas, image: pictureSideOf(kind, meta), delta: delta.data };
  const { transformation: rule } = promptKind(kind);
  if (!rule || !transformation) return applied;
  const values = Object.fromEntries(
    Object.entries(transformation).map(([name, x]) => [name, x.data]),
  );
  return { ...applied, transform: (photos) => rule.apply(photos, values, meta) };
}
