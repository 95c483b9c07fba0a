import type { Canvas, PromptKind } from "./prompt_kind.ts";

/** Pixels above and left of the picture: ⌊(S − s) / 2⌋, as the padding has them. */
export function paddingOf({ canvas, image }: Canvas): number {
  return Math.floor((canvas - image) / 2);
}

/** The padding around the shrunk picture (VP, arXiv 2203.17274; TVP: s = 164 in S = 224). */
export const frame: PromptKind = {
  description: "a frame: the zero padding around the shrunk picture",
  covers(y, x, sizes) {
    const start = paddingOf(sizes);
    const end = start + sizes.image;
    return y < start || y >= end || x < start || x >= end;
  },
};
