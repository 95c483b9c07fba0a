/** The prompt over the whole canvas. @module */
import type { PromptKind } from "./prompt_kind.ts";

/** Every pixel of the canvas. */
export const full: PromptKind = {
  description: "the whole canvas",
  placement: "shrunk",
  covers: () => true,
};
