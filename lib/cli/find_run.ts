/** Finds a recorded run by its name or its pipeline. @module */
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { suggestions } from "../diagnostic/suggest.ts";
import { count } from "./print.ts";
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

/** How a run is named on the command line. */
export const runHelp =
  "RUN is latest (the newest of all), latest~1 (the one before it of the same pipeline), " +
  "PIPELINE/latest~1, or the beginning of a name that tvp runs lists.";

/**
 * Finds the run that `runHelp` describes.
 *
 * @throws {DiagnosticError} `unknown-run`, if there is none or more than one.
 */
export function findRun(name: string, action: string): RunRecord {
  const runs = recordedRuns();
  const [form, pipeline, back = "0"] = /^(?:([^/]+)\/)?latest(?:~(\d+))?$/.exec(name) ?? [];
  const found = form === undefined ? runByName(runs, name) : runBack(runs, Number(back), pipeline);
  if (typeof found !== "string") return found;
  const known = form === undefined ? suggestions(name, runs.map((run) => run.id)) : [];
  const message = `Cannot ${action} run "${name}": ${found}`;
  throw diagnosticError("unknown-run", message, [...known, runHelp]);
}

/** The run whose name begins so; or why there is none. */
function runByName(runs: readonly RunRecord[], name: string): RunRecord | string {
  const found = runs.filter((run) => run.id.startsWith(name));
  if (found.length === 1) return found[0]!;
  return found.length === 0 ? "there is no such run" : "more than one run begins so";
}

/** The run so many before the newest of a pipeline, of that which ran last by default; or why there is none. */
function runBack(
  runs: readonly RunRecord[],
  back: number,
  named: string | undefined,
): RunRecord | string {
  const newest = runs.toSorted((a, b) => b.startedAt - a.startedAt);
  const pipeline = named ?? newest[0]?.pipeline;
  if (pipeline === undefined) return "nothing has run in this folder";
  const own = newest.filter((run) => run.pipeline === pipeline);
  if (own.length > back) return own[back]!;
  const which = named === undefined ? `${pipeline}, the pipeline of the last run,` : pipeline;
  return `${which} has ${own.length === 0 ? "no runs" : count(own.length, "run")}`;
}

/** Folder of a run, with its artifacts. */
export function folderOfRun({ pipeline, id }: RunRecord): string {
  return `${runsFolder(stateFolder, pipeline)}/${id}`;
}
