/** The prompt artifact: δ and what it was trained with, in one safetensors file. @module */
import { decodeSafetensors, encodeSafetensors } from "../tensor/safetensors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { PromptKind } from "./prompt_kind.ts";
import { parameterPlaces } from "./prompt_parameters.ts";
import { promptFailure, type PromptMeta, readMeta } from "./prompt_meta.ts";
import {
  type AnyPromptKind,
  pictureSideOf,
  promptKind,
  type PromptName,
  promptTable,
} from "./prompt_table.ts";

export { PromptError, type PromptMeta } from "./prompt_meta.ts";

/** A prompt. */
export interface Prompt {
  /** δ float32 [3, S, S] in units of pixel values in [0, 1], zero outside its mask. */
  readonly delta: Tensor<"float32">;
  /** What its kind trains beside δ. */
  readonly transformation?: Readonly<Record<string, Tensor<"float32">>>;
  readonly meta: PromptMeta;
}

/** Bytes of a prompt file; equal prompts give equal bytes. */
export function encodePrompt({ delta, transformation, meta }: Prompt): Uint8Array {
  return encodeSafetensors({ ...transformation, delta }, { prompt: JSON.stringify(meta) });
}

/**
 * Reads a prompt file.
 *
 * @throws {SyntaxError} If the file is no safetensors file with a `prompt` entry and the finite
 * float32 tensors of its kind and size of prompt.
 */
export function decodePrompt(bytes: Uint8Array): Prompt {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const meta = readMeta(metadata.prompt);
  const parts = parameterPlaces(nameOfKind(meta) ?? ownKind(meta), meta).map(({ name, dims }) =>
    [name, partOf(tensors, name, dims)] as const
  );
  const { delta, ...transformation } = Object.fromEntries(parts);
  return Object.keys(transformation).length === 0
    ? { delta: delta!, meta }
    : { delta: delta!, transformation, meta };
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

const nameOfKind = ({ kind }: PromptMeta) =>
  Object.hasOwn(promptTable, kind) ? kind as PromptName : undefined;

/** A kind of one's own is used without its code: its file says all that has to be known. */
const ownKind = (
  { picture = "shrunk" }: PromptMeta,
  covers: PromptKind["covers"] = () => true,
) => ({
  description: "of one's own",
  picture,
  covers,
});

/** The kind of a prompt; of one's own what its file tells of it: δ was trained where it is not 0. */
export function kindOfPrompt({ meta, delta }: Prompt): AnyPromptKind {
  const { canvas } = meta;
  const plane = canvas * canvas;
  const isTrained = (y: number, x: number) =>
    [0, 1, 2].some((channel) => delta.data[channel * plane + y * canvas + x] !== 0);
  return nameOfKind(meta) ?? ownKind(meta, isTrained);
}

/** What an evaluation has to know of a prompt to put it on pictures. */
export interface AppliedPrompt {
  readonly canvas: number;
  /** Side at which the picture is placed. */
  readonly image: number;
  readonly delta: Float32Array;
  /** What happens to the placed pictures, [n, 3, S, S], before δ is added. */
  readonly transform?: (photos: Float32Array) => Float32Array;
}

/** A prompt as it is put on pictures. */
export function appliedPrompt(prompt: Prompt): AppliedPrompt {
  const { delta, transformation, meta } = prompt;
  const { canvas } = meta;
  const kind = kindOfPrompt(prompt);
  const applied = { canvas, image: pictureSideOf(kind, meta), delta: delta.data };
  const { transformation: rule } = promptKind(kind);
  if (!rule || !transformation) return applied;
  const values = Object.fromEntries(
    Object.entries(transformation).map(([name, x]) => [name, x.data]),
  );
  return { ...applied, transform: (photos) => rule.apply(photos, values, meta) };
}
