/** Tries the models that tasks name before any of these tasks runs. @module */
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import { parseModelChoice, shownModel } from "../models/model_choice.ts";
import { Slot } from "../pipeline/contract/slot.ts";
import type { Task } from "../pipeline/plan/plan.ts";
import { loadLater } from "./load_later.ts";
import { modelPlace } from "./model_sources.ts";
import type { SourceFolders } from "./source_folders.ts";

/**
 * Opens each model in a folder that the tasks name. Those of hubs are fetched by the tasks themselves.
 *
 * @throws {DiagnosticError} With what is wrong with all of them, and which stages name them.
 */
export async function tryModels(tasks: Iterable<Task>, folders: SourceFolders): Promise<void> {
  const stages = stagesByModel(tasks);
  if (stages.size === 0) return;
  const { tryModel } = await loadLater<typeof import("../models/try_model.ts")>(
    new URL("../models/try_model.ts", import.meta.url),
  );
  const mistakes: Diagnostic[] = [];
  for (const [text, named] of stages) {
    const choice = parseModelChoice(text);
    const { path } = modelPlace(folders, text);
    if (path === undefined || typeof choice === "string") continue;
    const name = shownModel(choice);
    try {
      await tryModel({ name, path, weights: choice.weights });
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      mistakes.push(...error.diagnostics.map((found) => withStages(found, name, named)));
    }
  }
  if (mistakes.length > 0) throw new DiagnosticError(mistakes);
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

function withStages(found: Diagnostic, name: string, stages: ReadonlySet<string>): Diagnostic {
  const note = `found in model "${name}", which is named by stage ${[...stages].join(", ")}`;
  return { ...found, notes: [...found.notes ?? [], note] };
}
