import { basename } from "@std/path";
import { type Verification, verifyStore } from "../../cache/local/verify.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { recordedRuns } from "../find_run.ts";
import { cacheFolderOf } from "../pipeline_arguments.ts";
import { count, printJson, printLine } from "../print.ts";
import { format as formatBytes } from "@std/fmt/bytes";

/** Reads the whole store. */
const command: Command = {
  name: "verify",
  summary: "Reads the whole store and names damaged objects.",
  operands: "",
  minOperands: 0,
  maxOperands: 0,
  example: "deno task tvp verify --remove",
  failure: "something is damaged",
  options: {
    cache: pipelineOptions.cache,
    json: pipelineOptions.json,
    remove: { type: "flag", help: "remove what is damaged; its tasks run again" },
  },
  async run(args) {
    const isRemoving = hasFlag(args, "remove");
    const result = await verifyStore(cacheFolderOf(args), { remove: isRemoving });
    if (hasFlag(args, "json")) printJson(result);
    else for (const line of verificationLines(result, isRemoving, taskNames())) printLine(line);
    const { damaged, missing, manifests } = result;
    return damaged.length + missing.length + manifests.length === 0
      ? exitCodes.done
      : exitCodes.failed;
  },
};
export default command;

/** What there is to say of a store, each problem with the tasks that it concerns. */
export function verificationLines(
  { objects, bytes, tasks, damaged, missing, manifests }: Verification,
  isRemoving: boolean,
  names: ReadonlyMap<string, string>,
): string[] {
  const named = (keys: readonly string[]) => keys.map((key) => names.get(key) ?? key);
  const bad = [
    ...damaged.map(({ digest, tasks }) => [`damaged object ${digest}`, named(tasks)] as const),
    ...manifests.map((path) =>
      [`damaged manifest ${path}`, named([basename(path, ".json")])] as const
    ),
  ];
  return [
    ...bad.map(([what, tasks]) =>
      isRemoving
        ? `removed ${what}${runAgain(tasks)}`
        : `${what}, of ${tasks.join(", ") || "no task"}`
    ),
    ...missing.map(({ digest, tasks }) => `missing object ${digest}${runAgain(named(tasks))}`),
    `${count(objects, "object")} of ${formatBytes(bytes)}, ${count(tasks, "task")}: ` +
    `${bad.length} damaged${isRemoving && bad.length > 0 ? " and removed" : ""}, ` +
    `${missing.length} missing`,
    ...(isRemoving || bad.length === 0
      ? []
      : ["--remove removes what is damaged, so that its tasks run again"]),
  ];
}

/** What it means for tasks that an output of theirs is gone. */
function runAgain(tasks: readonly string[]): string {
  if (tasks.length === 0) return ", of no task";
  return `; ${tasks.length === 1 ? "task" : "tasks"} ${tasks.join(", ")} will run again`;
}

/** Names of the tasks of recorded runs, by key: `prompt[seed=0]`. */
function taskNames(): ReadonlyMap<string, string> {
  const tasks = recordedRuns().flatMap(({ tasks }) => tasks);
  return new Map(tasks.flatMap(({ key, task }) => key === undefined ? [] : [[key, task] as const]));
}
