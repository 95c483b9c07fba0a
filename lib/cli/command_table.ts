/** All commands by name; each file is loaded only when its command is used. @module */
import { loadLater } from "../workspace/load_later.ts";
import type { Command } from "./command.ts";

/** Summary of each command, in the order of the help; `commands/NAME.ts` is the command, `_` for `-`. */
export const commandTable = {
  run: "runs a pipeline",
  trust: "trusts a file's own code",
  plan: "shows what a run would do",
  graph: "draws the graph of tasks: tree, Mermaid or DOT",
  status: "counts what is cached, stage by stage",
  why: "says which input changed a stage's key",
  logs: "prints the logs of a stage, or of what failed",
  show: "sums up an artifact, and says where it is and came from",
  runs: "lists past runs",
  diff: "compares two runs",
  gc: "frees space in the store",
  verify: "reads the whole store and names damaged objects",
  push: "sends results to a remote cache",
  pull: "fetches results from a remote cache",
  keys: "makes keys for a remote cache, and to sign reports",
  sign: "signs a run's report and all that it was made of",
  "verify-report": "checks a signed report, and recomputes a share of it",
  grad: "adds gradients to an ONNX model",
  inspect: "describes an ONNX model",
  ask: "asks a model a question about an image",
  prompt: "applies or exports a visual prompt",
  models: "lists models, describes and checks one, copies trained ones",
  data: "describes a data set, and shows its images",
  doctor: "says which devices of this machine work",
  stages: "describes the stage types",
  schema: "prints the JSON Schema of pipeline files or of events",
  completions: "prints a script for completions in a shell",
  init: "writes a commented starter pipeline",
} as const satisfies Record<string, string>;

/** Name of a command. */
export type CommandName = keyof typeof commandTable;

/** The command of a name; one command does not need the others' modules. */
export async function loadCommand(name: CommandName): Promise<Command> {
  const module = new URL(`commands/${name.replaceAll("-", "_")}.ts`, import.meta.url);
  return (await loadLater<{ default: Command }>(module)).default;
}

/** Help of the program. */
export function programHelp(): string {
  const names = Object.keys(commandTable);
  const width = Math.max(...names.map((name) => name.length));
  const rows = Object.entries(commandTable).map(([name, summary]) =>
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
