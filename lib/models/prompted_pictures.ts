/** Pictures as a model reads them, with or without a visual prompt. @module */
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { preprocess } from "../vision/preprocess.ts";
import { shrinkAndPad } from "../vision/shrink_and_pad.ts";
import type { Json } from "./families/family.ts";

/** Pictures: u8 [n, 3, height, width]. */
export interface Pictures {
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** Sizes of a prompted picture, and δ float32 [3, canvas, canvas] where there is one. */
export interface PictureCanvas {
  readonly canvas: number;
  readonly image: number;
  readonly delta?: Float32Array;
  /** What a prompt does to the placed pictures, [n, 3, canvas, canvas], before δ is added. */
  readonly transform?: (photos: Float32Array) => Float32Array;
}

/**
 * `pixel_values` of pictures `from` to `to`.
 *
 * @param canvas Shrinks, pads and adds δ, without clipping; where it is absent the model's own
 * processor works on the full picture.
 * @throws {RangeError} If pictures on a canvas are not square, or δ has another size.
 */
export function pixelValues(
  pictures: Pictures,
  [from, to]: readonly [number, number],
  preprocessor: Json,
  canvas?: PictureCanvas,
): Tensor<"float32"> {
  const { height, width } = pictures;
  const size = 3 * height * width;
  const bytes = pictures.images.subarray(from * size, to * size);
  if (canvas === undefined) {
    return preprocess(tensor("uint8", [to - from, 3, height, width], bytes), preprocessor);
  }
  if (height !== width) {
    throw new RangeError(`Cannot frame pictures of ${width}×${height} pixels: they are not square`);
  }
  const planes = promptedPlanes(bytes, height, canvas);
  const side = canvas.canvas;
  return preprocess(tensor("float32", [to - from, 3, side, side], planes), preprocessor);
}

/**
 * Puts a prompt on square pictures in [0, 1], or of bytes, `[n, 3, from, from]`: shrinks, pads, transforms and
 * adds δ, without clipping.
 *
 * @returns `[n, 3, canvas, canvas]`
 * @throws {RangeError} If δ has another size.
 */
export function promptedPlanes(
  pictures: Float32Array | Uint8Array,
  from: number,
  { canvas, image, delta, transform }: PictureCanvas,
): Float32Array {
  const placed = shrinkAndPad(pictures, { from, picture: image, canvas });
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
