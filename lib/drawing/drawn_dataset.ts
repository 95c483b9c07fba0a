/** Data sets of a generated task over drawings of classes. @module */
import type { z } from "zod";
import type { Dataset, DatasetInfo } from "../data/dataset.ts";
import { type BalancedTask, drawTask } from "./balanced_task.ts";
import {
  type ClassDrawing,
  type ClassMembers,
  loadDrawings,
  stylesLicence,
  stylesSource,
} from "./class_drawings.ts";
import { canvasSize } from "./drawing.ts";

/** A task over drawings, with parameters of its own; among them the styles that are drawn from. */
export interface DrawnTask<S> {
  readonly info: Pick<DatasetInfo, "name" | "kind" | "classes" | "caption">;
  /** Drawings of each class. */
  readonly members: ClassMembers;
  readonly parameters: z.ZodType<S>;
  readonly task: (drawings: readonly ClassDrawing[], settings: S) => BalancedTask;
}

/** The data set of a task: its drawings are loaded, and its rows drawn. */
export function drawnDataset<S extends { readonly styles: Parameters<typeof loadDrawings>[1] }>(
  { info, members, parameters, task }: DrawnTask<S>,
): Dataset {
  return {
    side: canvasSize,
    info: { ...info, licence: stylesLicence, source: stylesSource },
    parameters,
    async load(options) {
      const settings = parameters.parse(options.parameters ?? {});
      const drawings = await loadDrawings(members, settings.styles, options);
      return drawTask(task(drawings, settings), options);
    },
  };
}
