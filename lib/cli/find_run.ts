/** Finds a recorded run by its name or its pipeline. @module */
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { suggestions } from "../diagnostic/suggest.ts";
import { stateFolder } from "../workspace/places.ts";
import {
  readRuns,
  recordedPipelines,
  type RunRecord,
  runsFolder,
} from "../workspace/run_record.ts";

/** All recorded runs, those of a pipeline with the newest first. */
export function recordedRuns(): RunRecord[] {
  return recordedPipelines(stateFolder)
    .flatMap((pipeline) => readRuns(runsFolder(stateFolder, pipeline)));
}

/** A run by its name or the beginning of it. @throws {DiagnosticError} if it is not one. */
export function findRun(name: string, action: string): RunRecord {
  const runs = recordedRuns();
  const found = runs.filter((run) => run.id.startsWith(name));
  if (found.length === 1) return found[0]!;
  const cause = found.length === 0 ? "there is no such run" : "more than one run begins so";
  const notes = suggestions(name, runs.map((run) => run.id));
  const message = `Cannot ${action} run "${name}": ${cause}`;
  throw diagnosticError("unknown-run", message, notes);
}

/** Folder of a run, with its artifacts. */
export function folderOfRun({ pipeline, id }: RunRecord): string {
  return `${runsFolder(stateFolder, pipeline)}/${id}`;
}
