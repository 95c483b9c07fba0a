/** `@std/async/delay` from the npm build of the standard library. @module */
import * as lib from "npm:deno-std@1.4.0/async/delay.js";

export const delay: (ms: number, options?: { signal?: AbortSignal }) => Promise<void> = lib
  .delay as never;
