/** The prompt artifact: δ and what it was trained with, in one safetensors file. @module */
import { decodeSafetensors, encodeSafetensors } from "../tensor/safetensors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { PromptName } from "./prompt_table.ts";

/** What is known of a prompt. How it was trained is absent where a file from elsewhere did not say. */
export interface PromptMeta {
  readonly kind: PromptName;
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

/** A prompt: δ float32 [3, S, S] in units of pixel values in [0, 1], zero outside its mask. */
export interface Prompt {
  readonly delta: Tensor<"float32">;
  readonly meta: PromptMeta;
}

/** Bytes of a prompt file; equal prompts give equal bytes. */
export function encodePrompt({ delta, meta }: Prompt): Uint8Array {
  return encodeSafetensors({ delta }, { prompt: JSON.stringify(meta) });
}

/**
 * Reads a prompt file.
 *
 * @throws {SyntaxError} If the file is no safetensors file with a float32 `delta` and a `prompt` entry.
 */
export function decodePrompt(bytes: Uint8Array): Prompt {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { delta } = tensors;
  if (delta?.dtype !== "float32" || metadata.prompt === undefined) {
    const found = Object.keys(tensors).join(", ") || "none";
    throw new SyntaxError(
      `Cannot read a prompt: expected a float32 tensor "delta" and metadata "prompt", found tensors ${found}`,
    );
  }
  return { delta: delta as Tensor<"float32">, meta: JSON.parse(metadata.prompt) };
}
