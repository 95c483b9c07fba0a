/** The prompt in a corner of the canvas. @module */
import { paddingOf } from "./frame.ts";
import type { PromptKind } from "./prompt_kind.ts";

/** A square in the lower right corner, as wide as both sides of the frame together. */
export const patch: PromptKind = {
  description: "a square patch in the lower right corner",
  placement: "shrunk",
  covers(y, x, sizes) {
    const start = sizes.canvas - 2 * paddingOf(sizes);
    return y >= start && x >= start;
  },
};
