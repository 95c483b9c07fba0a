/** `@std/yaml` from the npm build of the standard library. @module */
import * as yaml from "npm:deno-std@1.4.0/yaml/mod.js";

export const parse: (text: string) => unknown = yaml.parse;
export const stringify: (value: unknown) => string = yaml.stringify;
