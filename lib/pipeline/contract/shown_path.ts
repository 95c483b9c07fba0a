/** Paths as messages show them. @module */
import { relative } from "@std/path";

/** A path as people read it: from the working directory, where the file lies in it or beside it. */
export function shownPath(path: string, cwd: string = Deno.cwd()): string {
  const short = relative(cwd, path);
  return short.startsWith("../../..") || short === "" ? path : short;
}
