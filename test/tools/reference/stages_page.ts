/** The page of stage types, from their schemas. @module */
import { allStages } from "../../../lib/cli/commands/stages.ts";
import type { StageReference } from "../../../lib/pipeline/plan/stage_reference.ts";
import { parameterNote } from "../../../lib/pipeline/plan/stage_reference.ts";
import { code, markdownTable } from "./markdown_table.ts";

/** Text of `docs/reference/stages.md`. */
export async function stagesPage(): Promise<string> {
  const stages = await allStages();
  return `# Stage types

\`uses:\` in a stage of a pipeline file names one of these types; \`with:\` holds its parameters. The
description of a parameter says its unit where it has one. \`tvp stages NAME\` prints the same.

${stages.map(stageSection).join("\n\n")}
`;
}

function stageSection(stage: StageReference): string {
  const { name, description, parameters, outputs, permissions } = stage;
  const given = parameters.map((each) => [code(each.name), parameterNote(each), each.description]);
  const made = outputs.map((each) => `${code(each.name)} (${each.type})`).join(", ");
  return `## ${name}

${description}

${
    given.length === 0
      ? "Takes any parameters."
      : markdownTable([["`with`", "type", "what it is"], ...given])
  }

Outputs: ${made === "" ? "as declared" : made}.${
    permissions.length === 0 ? "" : `

Permissions: ${permissions.map(code).join(", ")}.`
  }`;
}
