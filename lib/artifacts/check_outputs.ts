/**
 * Checks what a stage has written before it is kept, so that a malformed artifact is reported where it
 * is made and not where it is read. A job names this module and imports it when its stage is done.
 *
 * @module
 */
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { ArtifactType } from "../pipeline/contract/stage.ts";
import { type ArtifactForm, artifactForms } from "./artifact_forms.ts";
import { artifactReaders } from "./artifact_readers.ts";

/** An output of a stage: what it should hold, and where it was written. */
export interface WrittenOutput {
  readonly name: string;
  readonly type: ArtifactType;
  readonly path: string;
}

/**
 * Checks outputs by reading them as the stages do that take them. What was not written at all, and
 * what is neither file nor folder, is the store's to refuse.
 *
 * @throws {DiagnosticError} `malformed-output`, one for each output that its type's readers refuse.
 */
export async function checkOutputs(outputs: readonly WrittenOutput[]): Promise<void> {
  const mistakes: Diagnostic[] = [];
  for (const output of outputs) {
    const mistake = await mistakeOf(output);
    if (mistake !== undefined) mistakes.push(mistake);
  }
  if (mistakes.length > 0) throw new DiagnosticError(mistakes);
}

async function mistakeOf({ name, type, path }: WrittenOutput): Promise<Diagnostic | undefined> {
  const { title, form, isFolder }: ArtifactForm = artifactForms[type];
  const read = artifactReaders[type];
  const refused = (reason: string): Diagnostic => ({
    code: "malformed-output",
    severity: "error",
    message: `Cannot keep output "${name}" as ${title}: ${reason}`,
    ...(form === undefined ? {} : { notes: [form, "docs/artifacts.md describes each type"] }),
  });
  const found = kindOf(path);
  if (found === undefined) return undefined;
  const wanted = isFolder ? "folder" : "file";
  if (found !== wanted) return refused(`it is a ${found}, not a ${wanted}`);
  if (read === undefined || !isPlain(path)) return undefined;
  try {
    await read(path);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return refused(withoutPath(error.message, path));
  }
}

function kindOf(path: string): "file" | "folder" | undefined {
  const info = infoOf(path, Deno.statSync);
  return info?.isFile ? "file" : info?.isDirectory ? "folder" : undefined;
}

/** Whether all below a path is files and folders: nothing that would keep a reader waiting. */
function isPlain(path: string): boolean {
  const info = infoOf(path, Deno.lstatSync);
  if (info === undefined || info.isFile) return info !== undefined;
  if (info.isSymlink) return kindOf(path) === "file";
  return info.isDirectory &&
    [...Deno.readDirSync(path)].every(({ name }) => isPlain(`${path}/${name}`));
}

function infoOf(path: string, read: (path: string) => Deno.FileInfo): Deno.FileInfo | undefined {
  try {
    return read(path);
  } catch {
    return undefined;
  }
}

/**
 * A reader's message, shortened: outputs are written to a folder whose name means nothing to users,
 * and the caller says already that the file cannot be read.
 */
function withoutPath(message: string, path: string): string {
  return message.replaceAll(`${path}/`, "").replaceAll(`"${path}"`, "it").replaceAll(path, "it")
    .replace(/^(?:Cannot (?:read|use|open|decode) (?:it|[^":]*|model "[^"]*"): )+/, "");
}
