/** Prompts around the image: the frame, and the padding over its border. @module */
import type { Canvas, PromptKind } from "./prompt_kind.ts";

/** Pixels above and left of the image: ⌊(S − s) / 2⌋, as the padding has them. */
export function paddingOf({ canvas, image }: Canvas): number {
  return Math.floor((canvas - image) / 2);
}

/** Side of the largest square in the middle in which δ [3, S, S] is zero; 0 if there is none. */
export function clearSquare(delta: Float32Array, canvas: number): number {
  let margin = 0;
  delta.forEach((value, i) => {
    if (value === 0) return;
    const [y, x] = [Math.floor(i / canvas) % canvas, i % canvas];
    margin = Math.max(margin, 1 + Math.min(y, x, canvas - 1 - y, canvas - 1 - x));
  });
  return Math.max(0, canvas - 2 * margin);
}

/** Whether a pixel lies outside the square of side s in the middle. */
function outsideMiddle(y: number, x: number, sizes: Canvas): boolean {
  const start = paddingOf(sizes);
  const end = start + sizes.image;
  return y < start || y >= end || x < start || x >= end;
}

/** The padding around the shrunk image (EVP, arXiv 2212.10556; TVP: s = 164 in S = 224). */
export const frame: PromptKind = {
  description: "a frame: the zero padding around the shrunk image",
  placement: "shrunk",
  covers: outsideMiddle,
};

/** The same pixels, added to the border of an image that is not shrunk (VP, arXiv 2203.17274). */
export const padding: PromptKind = {
  description: "a frame over the border of the image, which keeps its size",
  placement: "whole",
  covers: outsideMiddle,
};
