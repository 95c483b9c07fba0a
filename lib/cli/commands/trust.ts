import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { trustItemsOf } from "../../workspace/open_pipeline.ts";
import { giveUpAfterOpening } from "../permissions.ts";
import { pipelineOf } from "../pipeline_arguments.ts";
import { count, printJson, printLine } from "../print.ts";
import { addTrusted, readTrusted } from "../../workspace/trusted.ts";

/** Says that the code of a file may run. */
const command: Command = {
  name: "trust",
  summary: "Trusts a file's own stages and programs, as long as they stay the same.",
  operands: "FILE",
  minOperands: 1,
  maxOperands: 1,
  example: "deno task tvp trust pipelines/mine.yaml --dry-run",
  options: {
    set: pipelineOptions.set,
    cache: pipelineOptions.cache,
    "dry-run": { type: "flag", help: "show what would be trusted" },
    json: { type: "flag", help: "one piece of code a line as JSON" },
  },
  async run(args) {
    const items = await trustItemsOf(pipelineOf(args));
    await giveUpAfterOpening({ isOnline: false });
    const known = readTrusted();
    for (const item of items) {
      const trusted = known.has(item.digest);
      if (hasFlag(args, "json")) printJson({ ...item, trusted });
      else {printLine(
          `${trusted ? "trusted" : "new    "}  ${item.digest.slice(0, 12)}  ${item.what}`,
        );}
    }
    const fresh = items.filter(({ digest }) => !known.has(digest));
    const isDry = hasFlag(args, "dry-run");
    const path = isDry || fresh.length === 0
      ? undefined
      : remembered(fresh.map(({ digest }) => digest));
    if (!hasFlag(args, "json")) printLine(summary(items.length, fresh.length, path));
    return exitCodes.done;
  },
};
export default command;

function remembered(digests: readonly string[]): string {
  const path = addTrusted(digests);
  if (path !== undefined) return path;
  const message = "Cannot remember what is trusted: ~/.config/tvp cannot be written";
  const notes = ["set XDG_CONFIG_HOME to a folder that can, or give --trust to each run"];
  throw diagnosticError("not-writable", message, notes);
}

function summary(all: number, fresh: number, path: string | undefined): string {
  if (all === 0) return "The file brings no code of its own";
  if (fresh === 0) return "All of it is trusted";
  return path === undefined
    ? `${count(fresh, "piece")} of code would be trusted`
    : `${count(fresh, "piece")} of code trusted, kept in ${path}`;
}
