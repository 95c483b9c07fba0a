/** Prepares images for a model's image processor, with or without a visual prompt. @module */
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { fitted } from "../vision/fit.ts";
import type { Fit } from "../vision/fits.ts";
import type { RgbImage } from "../vision/images.ts";
import type { ImageSize } from "../vision/resize.ts";
import { shrinkAndPad } from "../vision/shrink_and_pad.ts";

/** Where an image is placed: the side of the canvas, and of the image in its middle. */
export interface Place {
  readonly canvas: number;
  readonly image: number;
}

/** Sizes of a prompted image, and δ float32 [3, canvas, canvas] where there is one. */
export interface ImageCanvas extends Place {
  readonly delta?: Float32Array;
  /** What a prompt does to the placed images, [n, 3, canvas, canvas], before δ is added. */
  readonly transform?: (images: Float32Array) => Float32Array;
}

/** One image as it is, `[1, 3, height, width]`. */
export function imageTensor({ data, height, width }: RgbImage): Tensor<"uint8"> {
  return tensor("uint8", [1, 3, height, width], data);
}

/** One image, shrunk and placed on a canvas of zeros, `[1, 3, canvas, canvas]` from 0 to 1. */
export function placedImage(
  rgb: RgbImage,
  fit: Fit,
  { canvas, image }: Place,
): Tensor<"float32"> {
  const { data, ...from } = fitted(rgb, fit);
  const planes = shrinkAndPad(data, { from, image, canvas });
  return tensor("float32", [1, 3, canvas, canvas], planes);
}

/**
 * Puts a prompt on images in [0, 1], or of bytes, `[n, 3, height, width]`: shrinks, pads, transforms and
 * adds δ, without clipping.
 *
 * @returns `[n, 3, canvas, canvas]`
 * @throws {RangeError} If δ has another size.
 */
export function promptedPlanes(
  images: Float32Array | Uint8Array,
  from: number | ImageSize,
  prompt: ImageCanvas,
): Float32Array {
  const { canvas, image } = prompt;
  return withPrompt(shrinkAndPad(images, { from, image, canvas }), prompt);
}

/**
 * Puts a prompt on placed images `[n, 3, canvas, canvas]`: transforms and adds δ, without clipping.
 * They may be changed in place.
 *
 * @throws {RangeError} If δ has another size.
 */
export function withPrompt(
  placed: Float32Array,
  { canvas, delta, transform }: ImageCanvas,
): Float32Array {
  const planes = transform ? transform(placed) : placed;
  if (delta !== undefined) addDelta(planes, delta, canvas);
  return planes;
}

function addDelta(planes: Float32Array, delta: Float32Array, side: number): void {
  const size = 3 * side * side;
  if (delta.length !== size) {
    throw new RangeError(
      `Cannot add a prompt of ${delta.length} values to a canvas of ${side} pixels: ${size} are needed`,
    );
  }
  for (let i = 0; i < planes.length; i++) planes[i]! += delta[i % size]!;
}

/**
 * Images `[1, …]` as one batch.
 *
 * @throws {RangeError} If they differ in size, as the model's processor keeps their shape.
 */
export function stackPixels(images: readonly Tensor<"float32">[]): Tensor<"float32"> {
  const [first] = images as [Tensor<"float32">];
  const size = first.data.length;
  const data = new Float32Array(images.length * size);
  images.forEach(({ dims, data: values }, i) => {
    if (dims.some((dim, axis) => dim !== first.dims[axis])) {
      const [a, b] = [first.dims, dims].map(([, , height, width]) => `${width}×${height}`);
      throw new RangeError(
        `Cannot put images of ${a} and of ${b} pixels into one batch: the model's processor keeps their shape; use batch: 1 or fit: crop`,
      );
    }
    data.set(values, i * size);
  });
  return tensor("float32", [images.length, ...first.dims.slice(1)], data);
}
