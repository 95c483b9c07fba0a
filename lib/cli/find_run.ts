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

/**
 * A run by its name or the beginning of it; `latest` is the newest of all, `latest~1` the one before it
 * of the same pipeline.
 *
 * @throws {DiagnosticError} if it is not one.
 */
export function findRun(name: string, action: string): RunRecord {
  const runs = recordedRuns();
  const back = /^latest(?:~(\d+))?$/.exec(name);
  const found = back
    ? latestRuns(runs).slice(Number(back[1] ?? 0)).slice(0, 1)
    : runs.filter((run) => run.id.startsWith(name));
  if (found.length === 1) return found[0]!;
  const cause = found.length === 0 ? "there is no such run" : "more than one run begins so";
  const notes = suggestions(name, runs.map((run) => run.id));
  const message = `Cannot ${action} run "${name}": ${cause}`;
  throw diagnosticError("unknown-run", message, notes);
}

/** Runs of the pipeline that ran last, the newest first. */
function latestRuns(runs: readonly RunRecord[]): RunRecord[] {
  const newest = runs.reduce<RunRecord | undefined>(
    (last, run) => last === undefined || run.startedAt > last.startedAt ? run : last,
    undefined,
  );
  return runs.filter(({ pipeline }) => pipeline === newest?.pipeline);
}

/** Folder of a run, with its artifacts. */
export function folderOfRun({ pipeline, id }: RunRecord): string {
  return `${runsFolder(stateFolder, pipeline)}/${id}`;
}
