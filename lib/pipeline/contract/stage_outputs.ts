/** Checks the outputs that a stage type declares. @module */
import { segmentMistake } from "../../trust/names.ts";
import { artifactTypeMistake } from "./stage.ts";

/**
 * What is wrong with the outputs of a stage and the names of their files, if anything: both become
 * names in folders of the store and of the runs.
 */
export function outputsMistake(
  outputs: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, unknown>> = {},
): string | undefined {
  for (const [output, type] of Object.entries(outputs)) {
    const name = segmentMistake(output);
    if (name !== undefined) return `output ${JSON.stringify(output)} cannot be a file: ${name}`;
    const mistake = artifactTypeMistake(type);
    if (mistake !== undefined) return `output "${output}" has no type: ${mistake}`;
  }
  for (const file of Object.values(files)) {
    const mistake = typeof file === "string" ? segmentMistake(file) : "it is not text";
    if (mistake !== undefined) return `file name ${JSON.stringify(file)}: ${mistake}`;
  }
  return undefined;
}
