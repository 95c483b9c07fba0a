/** The common corruptions by name, and a function that applies one. @module */
import { Random } from "../../tensor/random.ts";
import type { ImageSize } from "../resize.ts";
import { defocusBlur, glassBlur, motionBlur, zoomBlur } from "./blur.ts";
import type { Corruption } from "./corruption.ts";
import { contrast, elasticTransform, jpegCompression, pixelate } from "./digital.ts";
import { gaussianNoise, impulseNoise, shotNoise } from "./noise.ts";
import { brightness, fog, frost, snow } from "./weather.ts";

/** The fifteen corruptions of arXiv 1903.12261. */
export const corruptions = {
  "gaussian-noise": gaussianNoise,
  "shot-noise": shotNoise,
  "impulse-noise": impulseNoise,
  "defocus-blur": defocusBlur,
  "glass-blur": glassBlur,
  "motion-blur": motionBlur,
  "zoom-blur": zoomBlur,
  snow,
  frost,
  fog,
  brightness,
  contrast,
  "elastic-transform": elasticTransform,
  pixelate,
  "jpeg-compression": jpegCompression,
} satisfies Record<string, Corruption>;

/** Name of a corruption. */
export type CorruptionName = keyof typeof corruptions;

/** What is done to an image. */
export interface CorruptOptions {
  readonly kind: CorruptionName;
  /** From 1, weak, to 5. */
  readonly severity: number;
  readonly size: ImageSize;
  /** What random draws depend on beside the kind: the row's id, and a seed. */
  readonly draw: string;
}

/**
 * Corrupts an image, u8 [3, height, width].
 *
 * @throws {RangeError} If the severity is not 1, 2, 3, 4 or 5, or the image has another size.
 */
export async function corruptImage(
  bytes: Uint8Array,
  { kind, severity, size, draw }: CorruptOptions,
): Promise<Uint8Array> {
  if (![1, 2, 3, 4, 5].includes(severity)) {
    throw new RangeError(`Cannot corrupt an image: severity is ${severity}, expected 1 to 5`);
  }
  const { height, width } = size;
  if (bytes.length !== 3 * height * width) {
    throw new RangeError(
      `Cannot corrupt an image of ${width}×${height} pixels: it has ${bytes.length} values`,
    );
  }
  const image = Float32Array.from(bytes, (byte) => byte / 255);
  const random = new Random(`corrupt ${kind} ${draw}`);
  const subject = { image, size, scale: Math.min(height, width) / 64, random };
  const out = await corruptions[kind].apply(subject, severity);
  return Uint8Array.from(out, (x) => Math.round(255 * Math.min(1, Math.max(0, x))));
}
