/**
 * Defines a kind of visual prompt: the pixels it may change, and its further parameters.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../onnx/build/builder.ts";

/** Sizes of a prompted image in pixels. */
export interface Canvas {
  /** Side S of the square canvas. */
  readonly canvas: number;
  /** Side s of the image in its middle; the rest is zero padding. */
  readonly image: number;
}

/** A kind of prompt. */
export interface PromptKind {
  readonly description: string;
  /** `shrunk`: the image lies in the middle, s×s. `whole`: it fills the canvas, S×S. */
  readonly placement: "shrunk" | "whole";
  /** Whether δ may change the pixel in row y and column x. */
  covers(y: number, x: number, canvas: Canvas): boolean;
  /** The transformation of the image before δ is added. */
  readonly transformation?: Transformation;
}

/**
 * Defines a kind of prompt; the default export of a file in the `promptFolder` of a pipeline.
 *
 * @example
 * ```ts
 * export default definePromptKind({
 *   description: "a bar of 8 pixels at the top of the image",
 *   placement: "whole",
 *   covers: (y) => y < 8,
 * });
 * ```
 */
export function definePromptKind(kind: OwnKind | OwnKindBefore): PromptKind {
  if (!("picture" in kind)) return kind;
  const { picture: placement, ...others } = kind;
  return { ...others, placement };
}

/** What a kind of your own says. */
type OwnKind = Omit<PromptKind, "transformation">;

/** The same under an old name. */
interface OwnKindBefore extends Omit<OwnKind, "placement"> {
  /** @deprecated The old name of `placement`. */
  readonly picture: PromptKind["placement"];
}

/** A trained transformation of images `[batch, 3, S, S]`. */
export interface Transformation {
  readonly parameters: readonly TransformationParameter[];
  /** Builds it as differentiable nodes. */
  build(
    builder: GraphBuilder,
    images: Value,
    parameters: Readonly<Record<string, Value>>,
    canvas: Canvas,
  ): Value;
  /** The same on plain arrays. */
  apply(
    images: Float32Array,
    parameters: Readonly<Record<string, Float32Array>>,
    canvas: Canvas,
  ): Float32Array;
}

/** A parameter that is trained beside δ. */
export interface TransformationParameter {
  readonly name: string;
  readonly dims: readonly number[];
  /** Values before training: the transformation of an untrained prompt. */
  initial(canvas: Canvas): readonly number[];
}
