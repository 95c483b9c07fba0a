/** Batches of images as the step graph takes them. @module */
import { type ImageFeed, openFeed } from "../data/image_feed.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { Images } from "../vision/images.ts";
import type { PickedRow } from "./batches.ts";
import { openPhotoMaker, type PhotoOptions } from "./photos.ts";

/** Makes batches of images, in threads where they are encoded. */
export class PhotoBatches implements AsyncDisposable {
  readonly #canvas: number;
  readonly #feed: ImageFeed<PickedRow, Float32Array>;

  constructor(images: Images, options: PhotoOptions) {
    this.#canvas = options.canvas;
    const worker = new URL("./photo_worker.ts", import.meta.url);
    this.#feed = openFeed({ images, options, open: openPhotoMaker, worker });
  }

  /**
   * @returns float32 [batch, 3, S, S] in [0, 1], zero outside the image.
   * @throws {DiagnosticError} If an image is damaged.
   */
  async of(picks: readonly PickedRow[]): Promise<Tensor<"float32">> {
    const [side, made] = [this.#canvas, await this.#feed.of(picks)];
    const size = 3 * side * side;
    const photos = new Float32Array(picks.length * size);
    made.forEach((photo, place) => photos.set(photo, place * size));
    return tensor("float32", [picks.length, 3, side, side], photos);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#feed[Symbol.asyncDispose]() as Promise<void>;
  }
}
