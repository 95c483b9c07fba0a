import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import { suggestions } from "../../diagnostic/suggest.ts";
import {
  parameterNote,
  type StageReference,
  stageReference,
} from "../../pipeline/plan/stage_reference.ts";
import { findModule, importStage, stageNames } from "../../pipeline/plan/stage_lookup.ts";
import { type Command, exitCodes, hasFlag } from "../command.ts";
import { projectRoot } from "../../workspace/places.ts";
import { printJson, printText, table } from "../print.ts";

/** Describes stage types. */
const command: Command = {
  name: "stages",
  summary: "Lists the stage types, or describes the parameters and outputs of one.",
  operands: "[NAME]",
  minOperands: 0,
  maxOperands: 1,
  example: "deno task tvp stages optimize-prompt",
  options: {
    json: { type: "flag", help: "machine-readable output, one stage type a line" },
  },
  async run(args) {
    const [name] = args.operands;
    const stages = await Promise.all(
      (name === undefined ? stageNames([folder]) : [name]).map(load),
    );
    if (hasFlag(args, "json")) stages.forEach(printJson);
    else printText(name === undefined ? listText(stages) : stages.map(stageText).join("\n"));
    return exitCodes.done;
  },
};
export default command;

const folder = new URL("stages/", projectRoot);

async function load(name: string): Promise<StageReference> {
  const url = findModule(name, [folder]);
  if (url !== undefined) return stageReference(await importStage(url));
  const message = `Cannot describe "${name}": there is no such stage type`;
  const notes = suggestions(name, stageNames([folder]));
  throw diagnosticError("unknown-stage", message, notes);
}

function listText(stages: readonly StageReference[]): string {
  const rows = stages.map(({ name, description }) => [name, description]);
  return `${table(rows)}\n\nParameters and outputs of one: tvp stages NAME\n`;
}

function stageText(
  { name, description, parameters, outputs, permissions }: StageReference,
): string {
  const rows = parameters.flatMap((parameter) => [
    ["", parameter.name, parameterNote(parameter)],
    ["", "", parameter.description],
  ]).filter((row) => row.some((cell) => cell !== ""));
  return [
    `${name}: ${description}`,
    "",
    "with:",
    parameters.length === 0 ? "  anything" : table(rows),
    "",
    "outputs:",
    outputs.length === 0
      ? "  as declared"
      : table(outputs.map((each) => ["", each.name, each.type])),
    ...(permissions.length === 0 ? [] : ["", `permissions: ${permissions.join(", ")}`]),
    "",
    "",
  ].join("\n").replace(/\n+$/, "\n");
}

/** All of the project's stage types, described. */
export async function allStages(): Promise<StageReference[]> {
  return await Promise.all(stageNames([folder]).map(load));
}
