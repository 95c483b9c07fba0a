/** The pages of a run that people want to read. @module */
import type { TaskOutcome } from "../pipeline/run/run.ts";
import type { RunLayout } from "./run_folder.ts";

/** Paths of the pages that the last stages wrote, in the folder of the run. */
export function findPages(
  outcomes: readonly TaskOutcome[],
  layout: RunLayout,
  folder: string,
): string[] {
  return outcomes.filter(({ hit }) => hit !== undefined)
    .flatMap(({ task }) => [...layout.filesOf(task).values()])
    .filter((name) => name.endsWith(".html") || name.endsWith(".md"))
    .map((name) => `${folder}/${name}`);
}
