/** Data sets of a generated task over drawings of the emoji classes. @module */
import type { z } from "zod";
import type { Dataset, DatasetInfo } from "../data/dataset.ts";
import { type BalancedTask, drawTask } from "./balanced_task.ts";
import { type ClassDrawing, loadDrawings, stylesLicence, stylesSource } from "./class_drawings.ts";
import { canvasSize } from "./drawing.ts";
import { emojiMembers } from "./emoji_classes.ts";

/** A task over drawings, with parameters of its own; among them the styles that are drawn from. */
export interface EmojiTask<S> {
  readonly info: Pick<DatasetInfo, "name" | "kind" | "classes">;
  readonly parameters: z.ZodType<S>;
  readonly task: (drawings: readonly ClassDrawing[], settings: S) => BalancedTask;
}

/** The data set of a task: its drawings are loaded, and its rows drawn. */
export function emojiDataset<S extends { readonly styles: Parameters<typeof loadDrawings>[1] }>(
  { info, parameters, task }: EmojiTask<S>,
): Dataset {
  return {
    side: canvasSize,
    info: { ...info, licence: stylesLicence, source: stylesSource },
    parameters,
    async load(options) {
      const settings = parameters.parse(options.parameters ?? {});
      const drawings = await loadDrawings(emojiMembers, settings.styles, options);
      return drawTask(task(drawings, settings), options);
    },
  };
}
