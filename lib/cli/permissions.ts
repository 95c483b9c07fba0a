/** What a command gives up before it begins. @module */
import type { CommandName } from "./command_table.ts";

type Permission = "write" | "net" | "run" | "ffi";

const [write, net, run, ffi] = ["write", "net", "run", "ffi"] as const;

/**
 * What each command has no use for, so that a mistake in what it reads cannot lead there either.
 * Reading, and the environment, are needed by all. `run` starts tasks, which may need anything.
 */
const withheld: Readonly<Record<CommandName, readonly Permission[]>> = {
  run: [],
  // Stage types of others are described by a process; with --strict-provider a device is looked for.
  plan: [],
  status: [],
  why: [],
  logs: [],
  show: [],
  graph: [ffi],
  push: [ffi],
  pull: [ffi],
  trust: [net, run, ffi],
  runs: [write, net, run, ffi],
  diff: [net, run, ffi],
  gc: [net, run, ffi],
  verify: [net, run, ffi],
  keys: [write, net, run, ffi],
  sign: [ffi],
  // Like run: it computes tasks again.
  "verify-report": [],
  grad: [net, run],
  inspect: [write, net, run, ffi],
  ask: [run],
  prompt: [net, run],
  models: [run, ffi],
  doctor: [net],
  stages: [write, net, run],
  schema: [write, net, run],
  completions: [write, net, run, ffi],
  init: [net, run, ffi],
};

/** Gives up, for the rest of the process, what a command does not need. */
export function giveUpPermissions(command: CommandName): void {
  for (const name of withheld[command]) Deno.permissions.revokeSync({ name });
}
