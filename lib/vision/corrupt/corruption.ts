/**
 * Defines a corruption. The fifteen are those of Hendrycks and Dietterich (arXiv 1903.12261) in the
 * strengths they published for images of 64 pixels; lengths grow with the image. Where a
 * strength is ours, its file says so.
 *
 * @module
 */
import type { Random } from "../../tensor/random.ts";
import type { ImageSize } from "../resize.ts";

/** An image to be corrupted. */
export interface Subject {
  /** float32 [3, height, width] in [0, 1]. */
  readonly image: Float32Array;
  readonly size: ImageSize;
  /** The shorter side / 64: what lengths in pixels are multiplied by. */
  readonly scale: number;
  readonly random: Random;
}

/** Five strengths, weakest first. */
export type Levels<T> = readonly [T, T, T, T, T];

/** A corruption. What it draws does not depend on the strength, so that severities are comparable. */
export interface Corruption {
  readonly description: string;
  /** @returns The image at a severity from 1 to 5; values outside of [0, 1] are clipped later. */
  apply(subject: Subject, severity: number): Float32Array | Promise<Float32Array>;
}

/** A corruption by its strengths and a function of one strength. */
export function corruption<T>(
  description: string,
  levels: Levels<T>,
  apply: (subject: Subject, level: T) => Float32Array | Promise<Float32Array>,
): Corruption {
  return { description, apply: (subject, severity) => apply(subject, levels[severity - 1]!) };
}
