/** `@std/fmt/bytes` from the npm build of the standard library. @module */
import * as bytes from "npm:deno-std@1.4.0/fmt/bytes.js";

export const format: (count: number, options?: { binary?: boolean }) => string = bytes.format;
