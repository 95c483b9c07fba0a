/** Artifacts that are JSON files: read through a schema, written in one form. @module */
import type { z } from "zod";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { issuesText } from "../diagnostic/schema_issue.ts";
import type { ArtifactForm } from "./artifact_forms.ts";
import { readJson } from "./json.ts";

/** What a reader says of a file that is not what it should be. */
export function malformedArtifact(
  { title, form }: ArtifactForm,
  path: string,
  reason: string,
): DiagnosticError {
  const message = `Cannot read ${title} from "${path}": ${reason}`;
  const notes = [...(form === undefined ? [] : [form]), "docs/artifacts.md describes each type"];
  return new DiagnosticError([{ code: "malformed-artifact", severity: "error", message, notes }]);
}

/**
 * Reads a JSON file through the schema of its kind.
 *
 * @throws {DiagnosticError} With the line that is not JSON, or the fields that are missing or wrong.
 */
export async function readJsonArtifact<T>(
  path: string,
  kind: ArtifactForm & { readonly schema: z.ZodType<T> },
): Promise<T> {
  const value = await readJson(path).catch((error) => {
    if (!(error instanceof SyntaxError)) throw error;
    throw malformedArtifact(kind, path, error.message.replace(`Cannot read "${path}": `, ""));
  });
  const checked = kind.schema.safeParse(value);
  if (checked.success) return checked.data;
  throw malformedArtifact(kind, path, issuesText(checked.error.issues, value));
}

/** Writes a value as one line of JSON; equal values give equal bytes. */
export async function writeJsonArtifact(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(value) + "\n");
}
