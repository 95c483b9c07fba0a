/** The prompt artifact: δ and what it was trained with, in one safetensors file. @module */
import { z } from "zod";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { issuesText } from "../diagnostic/schema_issue.ts";
import type { PromptKind } from "../prompts/prompt_kind.ts";
import { parameterPlaces } from "../prompts/prompt_parameters.ts";
import { type AnyPromptKind, type PromptName, promptTable } from "../prompts/prompt_table.ts";
import { decodeSafetensors, encodeSafetensors } from "../tensor/safetensors.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { artifactForms } from "./artifact_forms.ts";
import {
  type Frozen,
  number,
  numberByName,
  text,
  whole,
  wholeFrom,
  wholeOrNull,
} from "./fields.ts";
import { boundedJson } from "../trust/bounded_json.ts";

/** What is known of a prompt. How it was trained is absent where a file from elsewhere did not say. */
const metaSchema = z.object({
  /** Name of its kind; for a user's own kind, `placement` says how it shows the image. */
  kind: text,
  placement: z.enum(["shrunk", "whole"], { error: "shrunk or whole" }).exactOptional(),
  /** Side S of the canvas in pixels. */
  canvas: wholeFrom(1),
  /** Side s of the image in pixels. */
  image: wholeFrom(1),
  /** Models it was trained on. */
  sources: z.array(
    z.object({ name: text, digest: text }, { error: "a map of name and digest" }),
    { error: "a list" },
  ),
  task: text,
  /** What tables call the prompt. */
  method: text,
  loss: numberByName,
  optimizer: text.exactOptional(),
  schedule: text.exactOptional(),
  augment: text.exactOptional(),
  views: text.exactOptional(),
  copies: whole.exactOptional(),
  search: text.exactOptional(),
  layerDrop: number.exactOptional(),
  bound: text.exactOptional(),
  lr: number.exactOptional(),
  steps: whole.exactOptional(),
  batch: whole.exactOptional(),
  seed: wholeOrNull,
}, { error: "a map" });

/** What is known of a prompt, as the metadata `prompt` of its file have it. */
export type PromptMeta = Frozen<z.output<typeof metaSchema>>;

/** A prompt. */
export interface Prompt {
  /** δ float32 [3, S, S] in units of pixel values in [0, 1], zero outside its mask. */
  readonly delta: Tensor<"float32">;
  /** What its kind trains beside δ. */
  readonly transformation?: Readonly<Record<string, Tensor<"float32">>>;
  readonly meta: PromptMeta;
}

/** A failure to read a prompt. */
const promptFailure = (reason: string) => new SyntaxError(`Cannot read a prompt: ${reason}`);

/** Bytes of a prompt file; equal prompts give equal bytes. */
export function encodePrompt({ delta, transformation, meta }: Prompt): Uint8Array {
  return encodeSafetensors({ ...transformation, delta }, { prompt: JSON.stringify(meta) });
}

/** Name of the metadata among tensors: the bytes of their JSON in UTF-8. */
const META_NAME = "prompt_meta";

/** A prompt as tensors alone, for files that hold no texts. */
export function promptTensors(
  { delta, transformation, meta }: Prompt,
): Readonly<Record<string, Tensor>> & Pick<Prompt, "delta"> {
  const json = new TextEncoder().encode(JSON.stringify(meta));
  return { ...transformation, delta, [META_NAME]: tensor("uint8", [json.length], json) };
}

/**
 * The prompt that {@linkcode promptTensors} wrote; none where the metadata are missing.
 *
 * @throws {SyntaxError} If the metadata do not fit the tensors.
 */
export function promptOfTensors(tensors: Readonly<Record<string, Tensor>>): Prompt | undefined {
  const { [META_NAME]: json, ...parts } = tensors;
  if (json?.dtype !== "uint8") return undefined;
  return promptOf(parts, new TextDecoder().decode(json.data as Uint8Array<ArrayBuffer>));
}

/** Whether bytes are a prompt file, as it seems: a safetensors file with a `prompt` entry. */
export function isPromptFile(bytes: Uint8Array): boolean {
  try {
    return decodeSafetensors(bytes).metadata.prompt !== undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * Reads a prompt file.
 *
 * @throws {SyntaxError} If the file is not a safetensors file with a `prompt` entry and the finite
 * float32 tensors of its kind and size of prompt.
 */
export function decodePrompt(bytes: Uint8Array): Prompt {
  const { tensors, metadata } = decodeSafetensors(bytes);
  return promptOf(tensors, metadata.prompt);
}

/**
 * Makes a prompt of its tensors and the JSON of its metadata.
 *
 * @throws {SyntaxError} If they do not belong together.
 */
function promptOf(tensors: Readonly<Record<string, Tensor>>, json: string | undefined): Prompt {
  const meta = readMeta(json);
  const parts = parameterPlaces(builtInKind(meta) ?? ownKind(meta), meta).map(({ name, dims }) =>
    [name, partOf(tensors, name, dims)] as const
  );
  const { delta, ...transformation } = Object.fromEntries(parts);
  return Object.keys(transformation).length === 0
    ? { delta: delta!, meta }
    : { delta: delta!, transformation, meta };
}

/**
 * Reads a prompt artifact, which may come from elsewhere.
 *
 * @throws {DiagnosticError} If the file is not a prompt.
 */
export async function readPrompt(path: string): Promise<Prompt> {
  const bytes = await Deno.readFile(path);
  try {
    return decodePrompt(bytes);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const message = `Cannot use prompt "${path}": ${error.message}`;
    const notes = [
      artifactForms.prompt.form,
      "tvp prompt import converts the prompt files of other programs",
    ];
    throw new DiagnosticError([{ code: "prompt-unreadable", severity: "error", message, notes }]);
  }
}

/** Writes a prompt artifact. */
export async function writePrompt(path: string, prompt: Prompt): Promise<void> {
  await Deno.writeFile(path, encodePrompt(prompt));
}

/**
 * Reads the metadata of a prompt.
 *
 * @throws {SyntaxError} If they are missing, or not what a prompt has.
 */
function readMeta(json: string | undefined): PromptMeta {
  if (json === undefined) throw promptFailure('its metadata have no entry "prompt"');
  const value = withNewName(parseJson(json));
  const checked = metaSchema.loose().safeParse(value);
  if (!checked.success) {
    throw promptFailure(`in its metadata ${issuesText(checked.error.issues, value)}`);
  }
  // What a later version adds is left as it is.
  const meta: PromptMeta = checked.data;
  const { kind, placement, image, canvas } = meta;
  if (!Object.hasOwn(promptTable, kind) && placement === undefined) {
    const known = Object.keys(promptTable).join(", ");
    throw promptFailure(
      `its kind is "${kind}", known kinds are ${known}; your own kind says placement`,
    );
  }
  if (image <= canvas) return meta;
  throw promptFailure(
    `in its metadata image (${image}) must not be larger than canvas (${canvas})`,
  );
}

/** `placement` was called `picture`. */
function withNewName(meta: unknown): unknown {
  if (typeof meta !== "object" || meta === null || !("picture" in meta)) return meta;
  const { picture: placement, ...others } = meta;
  return { placement, ...others };
}

function parseJson(json: string): unknown {
  try {
    return boundedJson(json);
  } catch (cause) {
    throw new SyntaxError("Cannot read a prompt: its metadata are not JSON", { cause });
  }
}

function partOf(
  tensors: Readonly<Record<string, Tensor>>,
  name: string,
  dims: readonly number[],
): Tensor<"float32"> {
  const found = tensors[name];
  const shape = dims.join(", ");
  if (found?.dtype !== "float32" || found.dims.join(", ") !== shape) {
    throw promptFailure(
      `expected a tensor "${name}" float32 [${shape}], found ${tensorsText(tensors)}`,
    );
  }
  const wrong = (found.data as Float32Array).find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw promptFailure(`its tensor "${name}" holds ${wrong}`);
  return found as Tensor<"float32">;
}

/** Most tensors that a message names. */
const NAMED = 8;

/** Tensors of a file in a message. */
export function tensorsText(tensors: Readonly<Record<string, Tensor>>): string {
  const all = Object.entries(tensors);
  const named = all.slice(0, NAMED)
    .map(([name, { dtype, dims }]) => `"${name}" ${dtype} [${dims.join(", ")}]`).join(", ");
  const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : "";
  return named === "" ? "no tensors" : `${named}${more}`;
}

const builtInKind = ({ kind }: PromptMeta) =>
  Object.hasOwn(promptTable, kind) ? kind as PromptName : undefined;

/** A user's own kind is used without its code: the file holds all that is needed. */
const ownKind = (
  { kind, placement = "shrunk" }: PromptMeta,
  covers: PromptKind["covers"] = () => true,
) => ({
  name: kind,
  description: "of your own",
  placement,
  covers,
});

/** The kind of a prompt. A user's own kind is described by the file: δ was trained where it is not 0. */
export function kindOfPrompt({ meta, delta }: Prompt): AnyPromptKind {
  const { canvas } = meta;
  const plane = canvas * canvas;
  const isTrained = (y: number, x: number) =>
    [0, 1, 2].some((channel) => delta.data[channel * plane + y * canvas + x] !== 0);
  return builtInKind(meta) ?? ownKind(meta, isTrained);
}
