/** Names runs by the time when they began. @module */
import { ifThere } from "../cache/disk/system_error.ts";

/** Names of the runs in the folder of a pipeline, the oldest first. */
export function runIds(folder: string): string[] {
  const entries = ifThere(() => [...Deno.readDirSync(folder)]) ?? [];
  return entries.filter((entry) => entry.isDirectory && /^\d/.test(entry.name))
    .map((entry) => entry.name).sort();
}

/** A new name. */
export function newRunId(startedAt: number): string {
  const time = new Date(startedAt).toISOString().replace(/[-:]/g, "").replace(".", "");
  return `${time}-${crypto.randomUUID().slice(0, 4)}`;
}
