/** Loads a user's own kinds of prompt: modules that a pipeline names. @module */
import type { PromptKind } from "./prompt_kind.ts";
import type { OwnPromptKind } from "./prompt_table.ts";

/**
 * Loads a user's own kind of prompt.
 *
 * @throws {TypeError} If the module does not export a kind, or one with a transformation: what is
 * done to an image beside adding δ would have to be known wherever the prompt is used.
 */
export async function loadOwnKind(
  { name, module }: { readonly name: string; readonly module: string },
): Promise<OwnPromptKind> {
  const { default: kind } = await import(module) as { default?: Partial<PromptKind> };
  const isKind = typeof kind?.covers === "function" &&
    (kind.placement === "shrunk" || kind.placement === "whole");
  if (!isKind) {
    throw new TypeError(
      `Cannot use kind of prompt "${name}": the default export of its module is not made by definePromptKind`,
    );
  }
  if (kind.transformation === undefined) return { ...kind as PromptKind, name };
  throw new TypeError(
    `Cannot use kind of prompt "${name}": your own kind chooses pixels and has no transformation`,
  );
}
