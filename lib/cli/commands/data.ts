import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import { type Command, type CommandArguments, exitCodes } from "../command.ts";
import { takesNothing, verbOf } from "../verbs.ts";

type Verb = (args: CommandArguments, operand?: string) => Promise<number>;

/** What `tvp data` can do; each gives the exit code. */
const verbs = {
  async ls(args, data) {
    takesNothing("data ls", data, "tvp data inspect says what a data set holds");
    await (await import("../list_data_sets.ts")).printDataSets(args);
    return exitCodes.done;
  },
  async inspect(args, data) {
    const { printReport } = await import("../look_at_data.ts");
    return await printReport(args, needed("inspect", data)) ? exitCodes.done : exitCodes.failed;
  },
  async preview(args, data) {
    const { writeSheet } = await import("../look_at_data.ts");
    await writeSheet(args, needed("preview", data));
    return exitCodes.done;
  },
} satisfies Record<string, Verb>;

/** Data sets: which there are, and what one holds. */
const command: Command = {
  name: "data",
  summary: "Lists data sets, describes one and its broken images, or shows its images.",
  operands: "ls | inspect DATA | preview DATA",
  minOperands: 1,
  maxOperands: 2,
  example: "deno task tvp data inspect '{folder: ./my-images}'",
  options: {
    output: {
      type: "text",
      value: "FILE",
      short: "o",
      help: "preview: an HTML page or a PNG image; default preview.html",
    },
    each: { type: "number", value: "N", help: "preview: images of each split; default 40" },
    json: { type: "flag", help: "the report, or a line for each set, as JSON" },
  },
  failure: "images are broken",
  async run(args) {
    const [verb, operand] = args.operands as [string, string?];
    return await verbOf<Verb>("data", verbs, verb)(args, operand);
  },
};
export default command;

function needed(verb: string, data: string | undefined): string {
  if (data !== undefined) return data;
  throw diagnosticError("usage", `Cannot run data ${verb}: the data set is missing`, [
    "a path, or a map such as '{folder: ./my-images}' or '{set: cifar10, folder: ./data}'",
  ]);
}
