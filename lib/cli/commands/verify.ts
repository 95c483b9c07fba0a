import { verifyStore } from "../../cache/local/verify.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
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
    const result = await verifyStore(cacheFolderOf(args), { remove: hasFlag(args, "remove") });
    const { objects, bytes, tasks, damaged, missing, manifests } = result;
    if (hasFlag(args, "json")) printJson(result);
    else {
      for (const { digest, tasks } of damaged) {
        printLine(`damaged object ${digest}, of ${tasks.join(", ") || "no task"}`);
      }
      for (const { digest, tasks } of missing) {
        printLine(`missing object ${digest}, of ${tasks.join(", ")}`);
      }
      for (const path of manifests) printLine(`damaged manifest ${path}`);
      printLine(
        `${count(objects, "object")} of ${formatBytes(bytes)}, ${count(tasks, "task")}: ` +
          `${damaged.length + manifests.length} damaged, ${missing.length} missing`,
      );
    }
    const bad = damaged.length + missing.length + manifests.length;
    return bad === 0 ? exitCodes.done : exitCodes.failed;
  },
};
export default command;
