/**
 * Defines a view: how source models see a prompted image in training. A prompt that works on many
 * views of an image depends less on one model.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Random } from "../../tensor/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Sizes of what is seen. */
export interface ViewSizes {
  /** Images of a step. */
  readonly batch: number;
  /** Side S of the canvas. */
  readonly canvas: number;
}

/** Values of the graph that a view is made from. */
export interface Seen {
  /** [batch, 3, S, S]: the prompted images, or an earlier view of them. */
  readonly pixels: Value;
  /** [batch, 3, S, S]: the same images without δ. */
  readonly clean: Value;
}

/** What a view is drawn by: one stream for every step and copy. */
export interface ViewDraw extends ViewSizes {
  readonly random: Random;
  /** Which of a step's copies it is, from 0. */
  readonly copy: number;
}

/** A view: nodes that can be differentiated, and what is drawn for them anew in every step. */
export interface View {
  /** What it does, and where it comes from. */
  readonly description: string;
  /** Shapes of its inputs, all float32 but those of `indices`. */
  inputs(sizes: ViewSizes): Readonly<Record<string, readonly number[]>>;
  /** Whether an image's view shows others of its batch, which then cannot be computed in parts. */
  readonly mixesBatch?: boolean;
  /** Which of the inputs are int64. */
  readonly indices?: readonly string[];
  /** Appends the view: [batch, 3, S, S]. */
  build(
    builder: GraphBuilder,
    seen: Seen,
    drawn: Readonly<Record<string, Value>>,
    sizes: ViewSizes,
  ): Value;
  /** Values of its inputs. */
  draw(draw: ViewDraw): Readonly<Record<string, Tensor>>;
}
