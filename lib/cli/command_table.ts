/** All commands by name; each file is loaded only when its command is used. @module */
import type { Command } from "./command.ts";

type Load = () => Promise<{ readonly default: Command }>;

/** Summary and loader of each command, in the order of the help. */
export const commandTable = {
  run: ["runs a pipeline", () => import("./commands/run.ts")],
  trust: ["says that a file's own code may run", () => import("./commands/trust.ts")],
  plan: ["shows what a run would do", () => import("./commands/plan.ts")],
  graph: ["draws the graph of tasks: tree, Mermaid or DOT", () => import("./commands/graph.ts")],
  status: ["counts what is cached, stage by stage", () => import("./commands/status.ts")],
  why: ["says which input changed a stage's key", () => import("./commands/why.ts")],
  logs: ["prints what a stage has logged", () => import("./commands/logs.ts")],
  show: ["prints an artifact and where it came from", () => import("./commands/show.ts")],
  runs: ["lists past runs", () => import("./commands/runs.ts")],
  diff: ["compares two runs", () => import("./commands/diff.ts")],
  gc: ["frees space in the store", () => import("./commands/gc.ts")],
  verify: ["reads the whole store and names damaged objects", () => import("./commands/verify.ts")],
  push: ["sends results to a remote cache", () => import("./commands/push.ts")],
  pull: ["fetches results from a remote cache", () => import("./commands/pull.ts")],
  keys: ["makes keys for a remote cache", () => import("./commands/keys.ts")],
  grad: ["adds gradients to an ONNX model", () => import("./commands/grad.ts")],
  inspect: ["says what an ONNX model consists of", () => import("./commands/inspect.ts")],
  ask: ["asks a model a question about a picture", () => import("./commands/ask.ts")],
  prompt: ["applies or exports a visual prompt", () => import("./commands/prompt.ts")],
  models: ["copies trained models into models/", () => import("./commands/models.ts")],
  doctor: ["says what of this machine can be used", () => import("./commands/doctor.ts")],
  stages: ["describes the stage types", () => import("./commands/stages.ts")],
  schema: [
    "prints the JSON Schema of pipeline files or of events",
    () => import("./commands/schema.ts"),
  ],
  completions: [
    "prints a script that makes a shell complete",
    () => import("./commands/completions.ts"),
  ],
  init: ["writes a commented starter pipeline", () => import("./commands/init.ts")],
} as const satisfies Record<string, readonly [string, Load]>;

/** Help of the program. */
export function programHelp(): string {
  const names = Object.keys(commandTable);
  const width = Math.max(...names.map((name) => name.length));
  const rows = Object.entries(commandTable).map(([name, [summary]]) =>
    `  ${name.padEnd(width)}  ${summary}`
  );
  return [
    "Trains visual prompts, evaluates how they transfer, and reports it.",
    "",
    "Usage: tvp COMMAND …   or   deno task pipeline FILE …",
    "",
    "Commands:",
    ...rows,
    "",
    "Help on one: tvp COMMAND --help; the version: tvp --version",
    "",
  ].join("\n");
}
