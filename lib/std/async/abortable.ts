/** `@std/async/abortable` from the npm build of the standard library. @module */
import * as lib from "npm:deno-std@1.4.0/async/abortable.js";

export const abortable: <T>(work: Promise<T>, signal: AbortSignal) => Promise<T> = lib
  .abortable as never;
