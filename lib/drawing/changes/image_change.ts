/** Defines a change of a training image. @module */
import type { Random } from "../../tensor/random.ts";

/** An image to be changed, RGB, channels first, and another one beside it. */
export interface ChangedImage {
  /** float32 [3, 64, 64], from 0 to 1 unless an earlier change went beyond; changed in place. */
  readonly canvas: Float32Array;
  /** Another image of the batch, before any change. */
  readonly other: Float32Array;
}

/** A change that makes models robust: they see images with it and without. */
export interface ImageChange {
  /** What it does, and where it comes from. */
  readonly description: string;
  /** Share of the images that it is made to. */
  readonly share: number;
  /** Whether a background's colour may have lost its name. */
  readonly recolours: boolean;
  /** Whether it is made to whole images alone: shrunk ones go without it. */
  readonly wholeOnly: boolean;
  /** Changes the canvas in place. */
  change(image: ChangedImage, random: Random): void;
}
