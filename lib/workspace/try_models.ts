/** Tries the models that tasks name before any of these tasks runs. @module */
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { Task } from "../pipeline/plan/plan.ts";
import { loadLater } from "./load_later.ts";
import { namedModels } from "./named_models.ts";
import type { SourceFolders } from "./source_folders.ts";

/**
 * Opens each model in a folder that the tasks name.
 *
 * @throws {DiagnosticError} With what is wrong with all of them, and which stages name them.
 */
export async function tryModels(tasks: Iterable<Task>, folders: SourceFolders): Promise<void> {
  const named = namedModels(tasks, folders);
  if (named.length === 0) return;
  const { tryModel } = await loadLater<typeof import("../models/try_model.ts")>(
    new URL("../models/try_model.ts", import.meta.url),
  );
  const mistakes: Diagnostic[] = [];
  for (const { model, stages } of named) {
    try {
      await tryModel(model);
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      mistakes.push(...error.diagnostics.map((found) => withStages(found, model.name, stages)));
    }
  }
  if (mistakes.length > 0) throw new DiagnosticError(mistakes);
}

function withStages(found: Diagnostic, name: string, stages: readonly string[]): Diagnostic {
  const note = `found in model "${name}", which is named by stage ${stages.join(", ")}`;
  return { ...found, notes: [...found.notes ?? [], note] };
}
