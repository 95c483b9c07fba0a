/** The page of artifact types, from the table of their forms and the stages that use them. @module */
import { type ArtifactForm, artifactForms } from "../../../lib/artifacts/artifact_forms.ts";
import { allStages } from "../../../lib/cli/commands/stages.ts";
import { type ArtifactType, artifactTypes } from "../../../lib/pipeline/contract/stage.ts";
import type { StageReference } from "../../../lib/pipeline/plan/stage_reference.ts";
import { code, markdownTable } from "./markdown_table.ts";

/** Text of `docs/reference/artifacts.md`. */
export async function artifactsPage(): Promise<string> {
  const stages = await allStages();
  const rows = artifactTypes.map((type) => [
    code(type),
    formOf(type),
    stages.flatMap((stage) => outputsOf(stage, type)).join(", ") || "–",
    stages.flatMap((stage) => parametersOf(stage, type)).join(", ") || "–",
  ]);
  return `# Artifact types

Every output of a stage is an artifact of one of these types. Its form is checked as soon as the stage
is done. [docs/artifacts.md](../artifacts.md) shows how to write a data set from any language.

${markdownTable([["type", "its form", "written by", "taken by"], ...rows])}
`;
}

function formOf(type: ArtifactType): string {
  const { title, form, isFolder }: ArtifactForm = artifactForms[type];
  return form ?? `${title}${isFolder ? "" : ", whatever it holds"}`;
}

function outputsOf({ name, outputs }: StageReference, type: ArtifactType): string[] {
  return outputs.filter((output) => output.type === type).map((output) =>
    code(`${name}.${output.name}`)
  );
}

function parametersOf({ name, parameters }: StageReference, type: ArtifactType): string[] {
  if (type === "text") return []; // the parameters of type "text" are texts and not artifacts
  const words = new RegExp(`(^|[ ,])${type}($|,)`);
  return parameters.filter((each) => words.test(each.type)).map((each) =>
    code(`${name}.${each.name}`)
  );
}
