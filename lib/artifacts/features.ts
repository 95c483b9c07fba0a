/** The features artifact: image features of a split, a mean over the tokens of each image. @module */
import { decodeSafetensors, encodeSafetensors } from "../tensor/safetensors.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { artifactForms } from "./artifact_forms.ts";
import { malformedArtifact } from "./json_artifact.ts";
import { boundedJson } from "../trust/bounded_json.ts";

/** Image features of a model under one prompt. */
export interface Features {
  readonly model: string;
  /** What tables call the prompt or the baseline. */
  readonly method: string;
  readonly task: string;
  /** Empty where the task has none. */
  readonly classes: readonly string[];
  /** [rows, width], row by row. */
  readonly data: Float32Array;
  readonly width: number;
  /** Index into `classes` for each row; −1 without one. */
  readonly labels: Int32Array;
}

/** Writes features; equal ones give equal bytes. */
export async function writeFeatures(path: string, features: Features): Promise<void> {
  const { data, width, labels, model, method, task, classes } = features;
  const bytes = encodeSafetensors({
    features: tensor("float32", [labels.length, width], data),
    labels: tensor("int32", [labels.length], labels),
  }, { model, method, task, classes: JSON.stringify(classes) });
  await Deno.writeFile(path, bytes);
}

/** Reads features. @throws {DiagnosticError} With what is missing or wrong. */
export async function readFeatures(path: string): Promise<Features> {
  const bytes = await Deno.readFile(path);
  try {
    return decodeFeatures(bytes);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw malformedArtifact(artifactForms.features, path, error.message);
  }
}

function decodeFeatures(bytes: Uint8Array): Features {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { features, labels } = tensors;
  const [rows, width] = features?.dims ?? [];
  if (features?.dtype !== "float32" || features.dims.length !== 2 || !rows || !width) {
    throw new SyntaxError(`"features" must be float32 [rows, width], but is ${told(features)}`);
  }
  if (labels?.dtype !== "int32" || labels.dims.length !== 1 || labels.dims[0] !== rows) {
    throw new SyntaxError(`"labels" must be int32 [${rows}], but is ${told(labels)}`);
  }
  const data = features.data as Float32Array;
  const wrong = data.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new SyntaxError(`"features" holds ${wrong}`);
  const { model = "", method = "", task = "" } = metadata;
  const classes = classesOf(metadata.classes);
  return { model, method, task, classes, data, width, labels: labels.data as Int32Array };
}

function told(found: Tensor | undefined): string {
  return found === undefined ? "missing" : `${found.dtype} [${found.dims.join(", ")}]`;
}

function classesOf(json = "[]"): readonly string[] {
  try {
    const classes: unknown = boundedJson(json);
    if (Array.isArray(classes) && classes.every((name) => typeof name === "string")) return classes;
  } catch {
    // Told below: what is not JSON is not a list of texts either.
  }
  throw new SyntaxError(
    `its metadata classes must be a list of texts, but is ${json.slice(0, 40)}`,
  );
}
