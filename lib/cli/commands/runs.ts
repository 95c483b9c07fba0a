import { type Command, exitCodes, hasFlag } from "../command.ts";
import { stateFolder } from "../../workspace/places.ts";
import { formatDuration, printJson, printLine, table } from "../print.ts";
import { readRuns, recordedPipelines, runsFolder } from "../../workspace/run_record.ts";

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
    const runs = pipelines.flatMap((pipeline) => readRuns(runsFolder(stateFolder, pipeline)));
    if (hasFlag(args, "json")) runs.forEach(printJson);
    else if (runs.length === 0) printLine(noRuns(name));
    else {
      printLine(table(runs.map((run) => {
        const count = (state: string) => run.tasks.filter((task) => task.state === state).length;
        return [
          run.pipeline,
          run.id,
          run.outcome,
          ["ran", "cached", "failed", "interrupted"].map((state) => `${count(state)} ${state}`)
            .filter((text) => !text.startsWith("0 int")).join(", "),
          formatDuration(run.durationMs),
        ];
      })));
    }
    return Promise.resolve(exitCodes.done);
  },
};

/** Says that there are no runs, and which pipelines have some. */
function noRuns(name?: string): string {
  const known = recordedPipelines(stateFolder);
  if (name === undefined || known.length === 0) return "No runs yet";
  return `No runs of "${name}" here, only of ${known.map((one) => `"${one}"`).join(", ")}`;
}
export default command;
