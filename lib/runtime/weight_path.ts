/** Resolves the path of a model's weight file. No other file does this. @module */
import { isAbsolute, join, relative } from "@std/path";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { locationProblem } from "../onnx/ir/weight_location.ts";

/** A range of a file, as a model refers to it. */
export interface WeightPlace {
  readonly directory: string;
  readonly location: string;
  /** Bytes the file must have at least. */
  readonly size?: number;
  /** The tensor whose data they are, for messages. */
  readonly tensor?: string;
}

/**
 * The real path of a file with weights: a regular file in the model's folder. Links may lead to another
 * place in it, or from a snapshot of a Hugging Face cache to the blobs of the same cache.
 *
 * @throws {DiagnosticError} If it lies elsewhere, is not a file, is missing or too short.
 */
export function weightPath(place: WeightPlace): string {
  const problem = locationProblem(place.location);
  if (problem !== undefined) throw refusal(place, `its location ${problem}`);
  const path = realPath(place);
  const { isFile, size } = Deno.statSync(path);
  if (!isFile) throw refusal(place, "it is not a regular file");
  const folder = Deno.realPathSync(place.directory || ".");
  if (!isInside(path, folder) && !isInside(path, blobsOf(folder))) {
    throw refusal(place, "a link leaves the model's folder", [
      "Put the file itself beside the model",
    ]);
  }
  if (size < (place.size ?? 0)) {
    throw refusal(place, `it has ${size} bytes, the model needs ${place.size}`);
  }
  return path;
}

function realPath(place: WeightPlace): string {
  try {
    return Deno.realPathSync(join(place.directory, place.location));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw refusal(place, "it is missing");
    if (!(error instanceof Error)) throw error;
    throw refusal(place, error.message.replace(/: realpath .*$/, ""));
  }
}

/** Whether a real path lies in a real folder. */
export function isInside(path: string, folder: string | undefined): boolean {
  if (folder === undefined) return false;
  const way = relative(folder, path);
  return way !== "" && !isAbsolute(way) && !/^\.\.([/\\]|$)/.test(way);
}

/** Where a Hugging Face cache keeps the contents of a snapshot's files. */
function blobsOf(folder: string): string | undefined {
  const repository = /^(.+)[/\\]snapshots[/\\]/.exec(folder)?.[1];
  return repository && join(repository, "blobs");
}

function refusal(
  { location, tensor }: WeightPlace,
  cause: string,
  notes: readonly string[] = [],
): DiagnosticError {
  const whose = tensor === undefined ? "weights" : `the weights of "${tensor}"`;
  return new DiagnosticError([{
    code: "weights-unreadable",
    severity: "error",
    message: `Cannot read ${whose} in file ${JSON.stringify(location)}: ${cause}`,
    ...(notes.length > 0 ? { notes } : {}),
  }]);
}
