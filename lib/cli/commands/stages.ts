import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { suggestions } from "../../diagnostic/suggest.ts";
import {
  type ParameterReference,
  type StageReference,
  stageReference,
} from "../../pipeline/plan/stage_reference.ts";
import { findModule, importStage, stageNames } from "../../pipeline/plan/stage_lookup.ts";
import { type Command, exitCodes, hasFlag } from "../command.ts";
import { projectRoot } from "../open_pipeline.ts";
import { printJson, printText, table } from "../print.ts";

/** Describes stage types. */
const command: Command = {
  name: "stages",
  summary: "Lists the stage types, or says what one takes and gives.",
  operands: "[NAME]",
  minOperands: 0,
  maxOperands: 1,
  example: "deno task tvp stages optimize-prompt",
  options: {
    markdown: { type: "flag", help: "as a page of documentation" },
    json: { type: "flag", help: "machine-readable output, one stage type a line" },
  },
  async run(args) {
    const [name] = args.operands;
    const stages = await Promise.all(
      (name === undefined ? stageNames([folder]) : [name]).map(load),
    );
    if (hasFlag(args, "json")) stages.forEach(printJson);
    else if (hasFlag(args, "markdown")) printText(stagesPage(stages));
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
  throw new DiagnosticError([{ code: "unknown-stage", severity: "error", message, notes }]);
}

function listText(stages: readonly StageReference[]): string {
  const rows = stages.map(({ name, description }) => [name, description]);
  return `${table(rows)}\n\nParameters and outputs of one: tvp stages NAME\n`;
}

function stageText({ name, description, parameters, outputs }: StageReference): string {
  const rows = parameters.flatMap((parameter) => [
    ["", parameter.name, noteOf(parameter)],
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
    "",
    "",
  ].join("\n").replace(/\n+$/, "\n");
}

/** `whole number from 1, default 16` */
function noteOf({ type, isRequired, default: value }: ParameterReference): string {
  const whether = isRequired
    ? "required"
    : value === undefined || isEmpty(value)
    ? "optional"
    : `default ${typeof value === "string" ? value : JSON.stringify(value)}`;
  return `${type}; ${whether}`;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** Text of `docs/stages.md`. */
export function stagesPage(stages: readonly StageReference[]): string {
  return [
    "# Stage types",
    "",
    "Made by `deno task tvp stages --markdown`; on the command line `deno task tvp stages NAME`.",
    ...stages.flatMap(pageOf),
    "",
  ].join("\n");
}

function pageOf({ name, description, parameters, outputs }: StageReference): string[] {
  const given = parameters.map((each) => [`\`${each.name}\``, noteOf(each), each.description]);
  const made = outputs.map((each) => `\`${each.name}\` (${each.type})`).join(", ");
  return [
    "",
    `## ${name}`,
    "",
    description,
    "",
    ...(given.length === 0
      ? ["Takes any parameters."]
      : markdownTable([["`with`", "type", "what it is"], ...given])),
    "",
    `Outputs: ${made === "" ? "as declared" : made}.`,
  ];
}

/** Rows as a table with its columns aligned, the first of them as its head. */
function markdownTable(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map((text) => text.replaceAll("|", "\\|")));
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    `| ${row.map((text, column) => text.padEnd(widths[column]!)).join(" | ")} |`
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0]!, rule, ...lines.slice(1)];
}

/** All of the project's stage types, described. */
export async function allStages(): Promise<StageReference[]> {
  return await Promise.all(stageNames([folder]).map(load));
}
