/** `@std/fmt/duration` from the npm build of the standard library. @module */
import * as duration from "npm:deno-std@1.4.0/fmt/duration.js";

export const format: (
  ms: number,
  options?: { style?: "narrow" | "full" | "digital"; ignoreZero?: boolean },
) => string = duration.format as never;
