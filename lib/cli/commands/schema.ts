import { pipelineJsonSchema } from "../../pipeline/read/json_schema.ts";
import { importStage, stageNames } from "../../pipeline/plan/stage_lookup.ts";
import { type Command, exitCodes, hasFlag } from "../command.ts";
import { projectRoot } from "../../workspace/places.ts";
import { printText } from "../print.ts";

/** Prints the JSON Schema. */
const command: Command = {
  name: "schema",
  summary: "Prints the JSON Schema of pipeline files, for editors, or of the lines of --json.",
  operands: "",
  minOperands: 0,
  maxOperands: 0,
  example: "deno task tvp schema > pipelines/schema.json",
  options: {
    events: { type: "flag", help: "the schema of what run --json prints, line by line" },
    json: { type: "flag", help: "JSON, as always" },
  },
  async run(args) {
    printText(hasFlag(args, "events") ? await eventSchemaText() : await schemaText());
    return exitCodes.done;
  },
};
export default command;

async function eventSchemaText(): Promise<string> {
  const { eventJsonSchema } = await import("../../pipeline/contract/event_schema.ts");
  return `${JSON.stringify(eventJsonSchema(), null, 2)}\n`;
}

/** Text of `pipelines/schema.json`. */
export async function schemaText(): Promise<string> {
  const folder = new URL("stages/", projectRoot);
  const stages = await Promise.all(
    stageNames([folder]).map((name) =>
      importStage(new URL(`${name.replaceAll("-", "_")}.ts`, folder))
    ),
  );
  return `${JSON.stringify(pipelineJsonSchema(stages), null, 2)}\n`;
}
