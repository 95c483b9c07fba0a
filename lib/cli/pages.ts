/** The pages of a run that people want to read. @module */
import type { TaskOutcome } from "../pipeline/run.ts";
import { outputFileName, taskFolder } from "./run_record.ts";

/** Paths of the pages that the last stages wrote, as linked in the folder of the run. */
export function findPages(outcomes: readonly TaskOutcome[], folder: string): string[] {
  return outcomes.flatMap(({ task, hit }) =>
    Object.keys(hit?.outputs ?? {})
      .map((output) => outputFileName(task, output))
      .filter((name) => name.endsWith(".html") || name.endsWith(".md"))
      .map((name) => `${folder}/${taskFolder(task)}/${name}`)
  );
}
