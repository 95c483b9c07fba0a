/** The kinds of visual prompt by name. A new kind is a file and a row here. @module */
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { affineColor } from "./affine_color.ts";
import { frame, padding } from "./frame.ts";
import { full } from "./full.ts";
import { patch } from "./patch.ts";
import type { Canvas, PromptKind } from "./prompt_kind.ts";

/** All kinds of prompt. */
export const promptTable = {
  frame,
  padding,
  patch,
  full,
  "affine-color": affineColor,
} satisfies Record<string, PromptKind>;

/** Name of a kind of prompt of the table. */
export type PromptName = keyof typeof promptTable;

/** A user's own kind, with the name of its module. */
export interface OwnPromptKind extends PromptKind {
  readonly name: string;
}

/** A kind of prompt by its name, or the user's own. */
export type AnyPromptKind = PromptName | OwnPromptKind;

/** Name of a kind. */
export const nameOfKind = (kind: AnyPromptKind): string =>
  typeof kind === "string" ? kind : kind.name;

/**
 * The mask m of a prompt: float32 [3, S, S], 1 where δ is trained, 0 elsewhere.
 *
 * @throws {RangeError} If the image is larger than the canvas.
 */
export function promptMask(kind: AnyPromptKind, sizes: Canvas): Tensor<"float32"> {
  const { canvas, image } = sizes;
  if (image > canvas) {
    throw new RangeError(`Cannot place an image of ${image} pixels on a canvas of ${canvas}`);
  }
  const plane = canvas * canvas;
  const mask = new Float32Array(3 * plane);
  const { covers } = promptKind(kind);
  for (let i = 0; i < plane; i++) {
    mask[i] = covers(Math.floor(i / canvas), i % canvas, sizes) ? 1 : 0;
  }
  mask.copyWithin(plane, 0, plane);
  mask.copyWithin(2 * plane, 0, plane);
  return tensor("float32", [3, canvas, canvas], mask);
}

/** A kind by its name; the user's own as it is. */
export const promptKind = (kind: AnyPromptKind): PromptKind =>
  typeof kind === "string" ? promptTable[kind] : kind;

/** Side at which an image is placed on the canvas before the prompt does anything. */
export function imageSideOf(kind: AnyPromptKind, { canvas, image }: Canvas): number {
  return promptKind(kind).placement === "whole" ? canvas : image;
}
