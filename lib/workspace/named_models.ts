/** The models in folders that tasks name. @module */
import { parseModelChoice, shownModel } from "../models/model_choice.ts";
import type { NamedModel } from "../models/directory.ts";
import { Slot } from "../pipeline/contract/slot.ts";
import type { Task } from "../pipeline/plan/plan.ts";
import { modelPlace } from "./model_sources.ts";
import type { SourceFolders } from "./source_folders.ts";

/** A model, and the stages whose tasks name it. */
export interface ModelOfStages {
  readonly model: NamedModel;
  readonly stages: readonly string[];
}

/** Each model in a folder that the tasks name. Those of hubs are fetched by the tasks themselves. */
export function namedModels(tasks: Iterable<Task>, folders: SourceFolders): ModelOfStages[] {
  return [...stagesByModel(tasks)].flatMap(([text, stages]) => {
    const choice = parseModelChoice(text);
    const { path } = modelPlace(folders, text);
    if (path === undefined || typeof choice === "string") return [];
    const model = { name: shownModel(choice), path, weights: choice.weights };
    return [{ model, stages: [...stages] }];
  });
}

/** Stages by the models that their tasks name. */
function stagesByModel(tasks: Iterable<Task>): ReadonlyMap<string, ReadonlySet<string>> {
  const stages = new Map<string, Set<string>>();
  for (const { stage, slots } of tasks) {
    for (const slot of slots) {
      if (!(slot instanceof Slot) || slot.kind.kind !== "model") continue;
      if (typeof slot.value !== "string") continue;
      const named = stages.get(slot.value) ?? new Set();
      stages.set(slot.value, named.add(stage));
    }
  }
  return stages;
}
