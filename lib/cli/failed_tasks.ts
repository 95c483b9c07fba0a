/** Lists the tasks that failed, at the end of a run. @module */
import { pipelineCommand } from "../workspace/start_command.ts";
import type { PipelineFile } from "../workspace/open_pipeline.ts";
import { stagePlaces } from "../workspace/stage_places.ts";
import type { Plan } from "../pipeline/plan/plan.ts";
import type { TaskOutcome } from "../pipeline/run/run.ts";

/** Most tasks that are listed. */
const MOST_LISTED = 10;

/** Each task that failed with the place of its stage, and the command that shows their logs, if any. */
export function failedTaskLines(
  file: Pick<PipelineFile, "file" | "set">,
  plan: Plan,
  outcomes: readonly TaskOutcome[],
): string[] {
  const failed = outcomes.filter(({ failure }) => failure && failure.reason !== "cancelled");
  if (failed.length === 0) return [];
  const places = stagePlaces(plan.spec);
  const lines = failed.slice(0, MOST_LISTED).map(({ task, failure }) => {
    const { path, line } = places.get(task.stage)!;
    return `  ${path}:${line}: ${task.id}: ${failure!.message.split("\n")[0]}`;
  });
  const more = failed.length - lines.length;
  return [
    "What failed:",
    ...lines,
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...(failed.some(({ log = [] }) => log.length > 0)
      ? [`Their logs: ${pipelineCommand("logs", file)}`]
      : []),
  ];
}
