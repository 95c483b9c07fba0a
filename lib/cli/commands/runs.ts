import { type Command, exitCodes, hasFlag } from "../command.ts";
import { stateFolder } from "../../workspace/places.ts";
import { formatDuration, printJson, printLine, table } from "../print.ts";
import {
  readRuns,
  recordedPipelines,
  type RunRecord,
  runsFolder,
} from "../../workspace/run_record.ts";
import { type UnfinishedRun, unfinishedRuns } from "../../workspace/running.ts";

/** Lists past runs. */
const command: Command = {
  name: "runs",
  summary: "Lists past runs, the newest first.",
  operands: "[PIPELINE]",
  minOperands: 0,
  maxOperands: 1,
  example: "deno task tvp runs quickstart",
  options: { json: { type: "flag", help: "one run a line as JSON" } },
  run(args) {
    const [name] = args.operands;
    const pipelines = name === undefined ? recordedPipelines(stateFolder) : [name];
    const folders = pipelines.map((pipeline) => runsFolder(stateFolder, pipeline));
    const runs = folders.flatMap((folder) => [...unfinishedRuns(folder), ...readRuns(folder)])
      .sort((a, b) => b.startedAt - a.startedAt);
    if (hasFlag(args, "json")) runs.forEach(printJson);
    else if (runs.length === 0) printLine(noRuns(name));
    else printLine(table([headings, ...runs.map(rowOf)]));
    return Promise.resolve(exitCodes.done);
  },
};

const headings = ["pipeline", "run", "outcome", "tasks", "time", "--set"];

function rowOf(run: RunRecord | UnfinishedRun): string[] {
  const durationMs = "tasks" in run ? run.durationMs : Date.now() - run.startedAt;
  return [
    run.pipeline,
    run.id,
    run.outcome,
    "tasks" in run ? countsText(run) : "",
    run.outcome === "killed" ? "" : formatDuration(durationMs),
    (run.set ?? []).join(" "),
  ];
}

/** `2 ran, 5 cached, 0 failed` */
function countsText({ tasks }: RunRecord): string {
  return ["ran", "cached", "failed", "interrupted"]
    .map((state) => `${tasks.filter((task) => task.state === state).length} ${state}`)
    .filter((text) => !text.startsWith("0 int")).join(", ");
}

/** Says that there are no runs, and which pipelines have some. */
function noRuns(name?: string): string {
  const known = recordedPipelines(stateFolder);
  if (name === undefined || known.length === 0) return "No runs yet";
  return `No runs of "${name}" here, only of ${known.map((one) => `"${one}"`).join(", ")}`;
}
export default command;
