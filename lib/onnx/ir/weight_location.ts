/** Checks the location of external data: it must lie in the model's own folder. @module */

/**
 * What is wrong with the location of external data, continuing "its location …"; undefined if nothing
 * is. Both separators count, so that a file means the same on every system. That nothing leads out by
 * a link, everyone who opens the file has to see.
 */
export function locationProblem(location: string): string | undefined {
  if (location === "") return "is empty";
  if (location.includes("\0")) return "holds a NUL character";
  if (/^([/\\]|[A-Za-z]:)/.test(location)) return "is not relative to the model's folder";
  if (location.split(/[/\\]/).includes("..")) return "is outside of the model's folder";
  if (/[/\\]$/.test(location)) return "names a folder";
  return undefined;
}

/** A number of bytes as external data write it: decimal digits alone; undefined for anything else. */
export function byteCount(text: string): number | undefined {
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(count) ? count : undefined;
}
