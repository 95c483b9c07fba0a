import { collectGarbage } from "../../cache/local/gc.ts";
import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Key } from "../../pipeline/contract/key.ts";
import {
  type Command,
  exitCodes,
  hasFlag,
  numberOption,
  pipelineOptions,
  textOption,
} from "../command.ts";
import { stateFolder } from "../../workspace/places.ts";
import { cacheFolderOf } from "../pipeline_arguments.ts";
import { count, printJson, printLine } from "../print.ts";
import { durationOf, sizeOf } from "../quantity.ts";
import { readRuns, recordedPipelines, runsFolder } from "../../workspace/run_record.ts";
import { format as formatBytes } from "@std/fmt/bytes";

/** Frees space. */
const command: Command = {
  name: "gc",
  summary: "Frees space in the store. Without a limit it removes only what no task refers to.",
  operands: "",
  minOperands: 0,
  maxOperands: 0,
  example: "deno task tvp gc --keep-runs 3 --max-age 30d --dry-run",
  options: {
    cache: pipelineOptions.cache,
    json: pipelineOptions.json,
    "keep-runs": {
      type: "number",
      zero: true,
      value: "N",
      help: "keep what the last N runs of a pipeline use",
    },
    "max-age": { type: "text", value: "TIME", help: "remove tasks unused for longer: 30d" },
    "max-size": {
      type: "text",
      value: "SIZE",
      help: "keep the last used tasks that fit: 10GiB",
    },
    "only-kept": { type: "flag", help: "remove everything except what --keep-runs keeps" },
    "dry-run": { type: "flag", help: "remove nothing; say what would be removed" },
  },
  run(args) {
    const runs = numberOption(args, "keep-runs");
    if (runs === undefined && hasFlag(args, "only-kept")) {
      const message = "Cannot use --only-kept: expected --keep-runs N with it";
      throw diagnosticError("usage", message, ["--keep-runs 0 removes all tasks"]);
    }
    const age = durationOf(textOption(args, "max-age"), "--max-age");
    const size = sizeOf(textOption(args, "max-size"), "--max-size");
    const dryRun = hasFlag(args, "dry-run");
    const result = collectGarbage(cacheFolderOf(args), {
      keep: keysOfRuns(runs ?? 0),
      onlyKept: hasFlag(args, "only-kept"),
      dryRun,
      ...(age === undefined ? {} : { maxAgeMs: age }),
      ...(size === undefined ? {} : { maxBytes: size }),
    });
    if (hasFlag(args, "json")) printJson(result);
    else {
      const { tasks, objects, freedBytes, keptTasks, keptBytes } = result;
      printLine(
        `${dryRun ? "Would remove" : "Removed"} ${count(tasks.length, "task")} and ` +
          `${count(objects, "object")}, ${formatBytes(freedBytes)}; ` +
          `${count(keptTasks, "task")} of ${formatBytes(keptBytes)} stay`,
      );
    }
    return Promise.resolve(exitCodes.done);
  },
};
export default command;

function keysOfRuns(runs: number): ReadonlySet<Key> {
  const kept = recordedPipelines(stateFolder)
    .flatMap((pipeline) => readRuns(runsFolder(stateFolder, pipeline)).slice(0, runs));
  return new Set(kept.flatMap((run) => run.tasks.flatMap((task) => (task.key ?? []) as Key[])));
}
