/** `@std/cli/parse-args` from the npm build of the standard library. @module */
import * as cli from "npm:deno-std@1.4.0/cli/parse_args.js";

/** Settings of `parseArgs`: which options are flags, strings, collected, aliased. */
export interface ParseOptions {
  boolean?: readonly string[];
  string?: readonly string[];
  collect?: readonly string[];
  alias?: Readonly<Record<string, string>>;
  default?: Readonly<Record<string, unknown>>;
  negatable?: readonly string[];
  stopEarly?: boolean;
  "--"?: boolean;
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Parsed options by name; positional arguments under `_`. */
export type Args = { _: (string | number)[] } & Record<string, unknown>;

export const parseArgs: (args: string[], options?: ParseOptions) => Args = cli
  .parseArgs as unknown as (args: string[], options?: ParseOptions) => Args;
