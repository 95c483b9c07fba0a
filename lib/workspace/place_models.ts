/** Says where the nodes of a training step on a pipeline's models would run. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { NamedModel } from "../models/directory.ts";
import type { Task } from "../pipeline/plan/plan.ts";
import type { Placement } from "../runtime/placement.ts";
import { loadLater } from "./load_later.ts";
import { namedModels } from "./named_models.ts";
import type { SourceFolders } from "./source_folders.ts";

/** What is known of a model on CUDA. */
export interface ModelPlacement {
  readonly model: string;
  /** Stages whose tasks name it. */
  readonly stages: readonly string[];
  readonly cuda?: Placement;
  /** In a line: which nodes fall to the CPU, or why it is not known. */
  readonly line: string;
}

/** Where a step of 16 images of 224 pixels would run, of each model in a folder that the tasks name. */
export async function placeModels(
  tasks: Iterable<Task>,
  folders: SourceFolders,
): Promise<ModelPlacement[]> {
  const placed: ModelPlacement[] = [];
  for (const { model, stages } of namedModels(tasks, folders)) {
    placed.push({ model: model.name, stages, ...await placeModel(model) });
  }
  return placed;
}

/** Where a step on one model would run. A card is not needed to know it. */
export async function placeModel(
  model: NamedModel,
): Promise<Pick<ModelPlacement, "cuda" | "line">> {
  const { checkSource } = await loadLater<typeof import("../training/check_source.ts")>(
    new URL("../training/check_source.ts", import.meta.url),
  );
  const { openModelDirectory, directoryOptions, readModelType } = await loadLater<
    typeof import("../models/directory.ts")
  >(new URL("../models/directory.ts", import.meta.url));
  const { fallbackLine } = await loadLater<typeof import("../runtime/placement.ts")>(
    new URL("../runtime/placement.ts", import.meta.url),
  );
  try {
    if (await readModelType(model.path, model.name) === "clip") {
      return { line: "not a source: a loss asks it, and no step is made on it alone" };
    }
    const directory = await openModelDirectory(model.path, directoryOptions(model));
    const { cuda, obstacles } = await checkSource(directory);
    if (cuda !== undefined) return { cuda, line: fallbackLine(cuda) ?? allThere };
    return { line: `not a source: ${obstacles[0]?.message}` };
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return { line: `not known: ${error.diagnostics[0]?.message}` };
  }
}

const allThere = "all nodes of a step run there";
