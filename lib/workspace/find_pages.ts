/** Finds the pages of a run that people want to read. @module */
import type { TaskOutcome } from "../pipeline/run/run.ts";
import { outputFileName, type RunLayout } from "./run_folder.ts";

const isPage = (name: string) => name.endsWith(".html") || name.endsWith(".md");

/** Paths of the pages that the last stages wrote, in the folder of the run. */
export function findPages(
  outcomes: readonly TaskOutcome[],
  layout: RunLayout,
  folder: string,
): string[] {
  // Of tasks without any, which are most, no names are made.
  const tasks = outcomes.filter(({ hit }) => hit !== undefined).map(({ task }) => task)
    .filter((task) =>
      Object.keys(task.outputs).some((output) => isPage(outputFileName(task, output)))
    );
  return tasks.flatMap((task) => [...layout.filesOf(task).values()])
    .filter(isPage).map((name) => `${folder}/${name}`);
}
