/** Shows the progress of a model download on one line. @module */
import type { Fetched } from "../workspace/source_folders.ts";
import { liveLine } from "./live_line.ts";

/** Shows a download on the live line, and takes it away with the last byte. */
export function showFetched({ model, file, done, total }: Fetched): void {
  const line = liveLine();
  line.show(`fetching ${model}: ${megabytes(done)} of ${megabytes(total)} MB, ${file}`);
  if (done >= total) line[Symbol.dispose]();
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
