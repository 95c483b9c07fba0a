import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import { type Command, type CommandArguments, exitCodes } from "../command.ts";
import { weightOption } from "../weight_option.ts";
import { takesNothing, verbOf } from "../verbs.ts";

type Verb = (args: CommandArguments, operand?: string) => Promise<number>;

/** What `tvp models` can do; each gives the exit code. */
const verbs = {
  async ls(args, id) {
    takesNothing("models ls", id);
    await (await import("../list_models.ts")).printModels(args);
    return exitCodes.done;
  },
  async inspect(args, id) {
    await (await import("../inspect_model.ts")).printModel(args, needed("inspect", id));
    return exitCodes.done;
  },
  async check(args, id) {
    const { checkModel } = await import("../check_model.ts");
    return await checkModel(args, needed("check", id)) ? exitCodes.done : exitCodes.failed;
  },
  async install(args, pipeline) {
    (await import("../install_models.ts")).installLatest(args, pipeline);
    return exitCodes.done;
  },
} satisfies Record<string, Verb>;

/** Models that are there: what they are, and what they can be used for. */
const command: Command = {
  name: "models",
  summary: "Lists models, describes one, checks what it can be used for, or copies trained ones.",
  operands: "ls | inspect MODEL | check MODEL | install [PIPELINE]",
  minOperands: 1,
  maxOperands: 2,
  example: "deno task tvp models check hf://owner/name@revision",
  options: {
    as: {
      type: "text",
      value: "STAGE=NAME",
      repeat: true,
      help:
        "install: the name for a stage's model, STAGE=NAME; an empty NAME leaves it out; a * in STAGE is for any letters",
    },
    ...weightOption,
    json: { type: "flag", help: "a line of JSON for each model" },
  },
  failure: "the model cannot be a source",
  async run(args) {
    const [verb, operand] = args.operands as [string, string?];
    return await verbOf<Verb>("models", verbs, verb)(args, operand);
  },
};
export default command;

function needed(verb: string, id: string | undefined): string {
  if (id !== undefined) return id;
  throw diagnosticError("usage", `Cannot run models ${verb}: the model is missing`, [
    "zoo/NAME, hf://OWNER/NAME@REVISION, or a path",
  ]);
}
