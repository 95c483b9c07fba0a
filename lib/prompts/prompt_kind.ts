/** What a kind of visual prompt is: which pixels of the canvas it may change. @module */

/** Sizes of a prompted picture in pixels. */
export interface Canvas {
  /** Side S of the square canvas. */
  readonly canvas: number;
  /** Side s of the picture in its middle; the rest is zero padding. */
  readonly image: number;
}

/** A kind of prompt. */
export interface PromptKind {
  readonly description: string;
  /** Whether the prompt may change the pixel in row y and column x. */
  covers(y: number, x: number, canvas: Canvas): boolean;
}
