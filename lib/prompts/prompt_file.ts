/** The prompt artifact: δ and what it was trained with, in one safetensors file. @module */
import { decodeSafetensors, encodeSafetensors } from "../tensor/safetensors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { PromptKind } from "./prompt_kind.ts";
import {
  type AnyPromptKind,
  pictureSideOf,
  promptKind,
  type PromptName,
  promptTable,
} from "./prompt_table.ts";

/** What is known of a prompt. How it was trained is absent where a file from elsewhere did not say. */
export interface PromptMeta {
  /** Name of its kind; one of one's own says with `picture` how it shows the picture. */
  readonly kind: string;
  readonly picture?: PromptKind["picture"];
  /** Side S of the canvas in pixels. */
  readonly canvas: number;
  /** Side s of the picture in pixels. */
  readonly image: number;
  /** Models it was trained on. */
  readonly sources: readonly { readonly name: string; readonly digest: string }[];
  readonly task: string;
  /** What tables call the prompt. */
  readonly method: string;
  readonly loss: Readonly<Record<string, number>>;
  readonly optimizer?: string;
  readonly schedule?: string;
  readonly augment?: string;
  readonly lr?: number;
  readonly steps?: number;
  readonly batch?: number;
  readonly seed: number | null;
}

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
 * @throws {SyntaxError} If the file is no safetensors file with a `prompt` entry and the float32
 * tensors of its kind of prompt.
 */
export function decodePrompt(bytes: Uint8Array): Prompt {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const meta: PromptMeta | undefined = metadata.prompt && JSON.parse(metadata.prompt);
  const { delta, ...others } = tensors as Record<string, Tensor<"float32">>;
  if (meta && !isKnownKind(meta)) {
    throw new SyntaxError(
      `Cannot read a prompt: its kind is "${meta.kind}", known are ${
        Object.keys(promptTable).join(", ")
      }`,
    );
  }
  const names = meta ? parameterNames(meta) : [];
  const isComplete = ["delta", ...names].every((name) => tensors[name]?.dtype === "float32");
  if (meta === undefined || delta === undefined || !isComplete) {
    const found = Object.keys(tensors).join(", ") || "none";
    const wanted = ["delta", ...names].map((name) => `"${name}"`).join(", ");
    throw new SyntaxError(
      `Cannot read a prompt: expected ${
        names.length > 0 ? "float32 tensors" : "a float32 tensor"
      } ${wanted} and metadata "prompt", found tensors ${found}`,
    );
  }
  if (names.length === 0) return { delta, meta };
  const transformation = Object.fromEntries(names.map((name) => [name, others[name]!]));
  return { delta, transformation, meta };
}

/** A kind of one's own is used without its code: its file says all that has to be known. */
const isKnownKind = ({ kind, picture }: PromptMeta) =>
  Object.hasOwn(promptTable, kind) || picture === "shrunk" || picture === "whole";

const parameterNames = ({ kind }: PromptMeta) =>
  Object.hasOwn(promptTable, kind)
    ? promptKind(kind as PromptName).transformation?.parameters.map(({ name }) => name) ?? []
    : [];

/** The kind of a prompt; of one's own what its file tells of it: δ was trained where it is not 0. */
export function kindOfPrompt({ meta, delta }: Prompt): AnyPromptKind {
  const { kind, picture = "shrunk", canvas } = meta;
  if (Object.hasOwn(promptTable, kind)) return kind as PromptName;
  const plane = canvas * canvas;
  const covers = (y: number, x: number) =>
    [0, 1, 2].some((channel) => delta.data[channel * plane + y * canvas + x] !== 0);
  return { description: "of one's own", picture, covers };
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
