/** Prepares images for a model's image processor, with or without a visual prompt. @module */
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { type Fit, fitted } from "../vision/fit.ts";
import type { RgbImage } from "../vision/images.ts";
import type { ImageSize } from "../vision/resize.ts";
import { shrinkAndPad } from "../vision/shrink_and_pad.ts";

/** Sizes of a prompted image, and δ float32 [3, canvas, canvas] where there is one. */
export interface ImageCanvas {
  readonly canvas: number;
  readonly image: number;
  readonly delta?: Float32Array;
  /** What a prompt does to the placed images, [n, 3, canvas, canvas], before δ is added. */
  readonly transform?: (photos: Float32Array) => Float32Array;
}

/** One image, `[1, 3, height, width]`: bytes, or floats from 0 to 1. */
export type ImageTensor = Tensor<"uint8" | "float32">;

/**
 * One image as a model's image processor gets it.
 *
 * @param canvas Shrinks, pads and adds δ, without clipping; where it is absent the image is as it
 * is.
 * @throws {RangeError} If δ has another size.
 */
export function shownImage(
  image: RgbImage,
  { fit, canvas }: { readonly fit: Fit; readonly canvas?: ImageCanvas },
): ImageTensor {
  if (canvas === undefined) {
    const { data, height, width } = image;
    return tensor("uint8", [1, 3, height, width], data);
  }
  const { data, ...from } = fitted(image, fit);
  const planes = promptedPlanes(data, from, canvas);
  const side = canvas.canvas;
  return tensor("float32", [1, 3, side, side], planes);
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
  { canvas, image, delta, transform }: ImageCanvas,
): Float32Array {
  const placed = shrinkAndPad(images, { from, image, canvas });
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
