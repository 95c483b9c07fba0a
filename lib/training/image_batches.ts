/** Batches of images as the step graph takes them. @module */
import { type ImageFeed, openFeed } from "../data/image_feed.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { Images } from "../vision/images.ts";
import type { PickedRow } from "./batches.ts";
import { type ImageBatchOptions, openImageMaker } from "./training_images.ts";

/** Makes batches of images, in threads where they are encoded. */
export class ImageBatches implements AsyncDisposable {
  readonly #canvas: number;
  readonly #feed: ImageFeed<PickedRow, Float32Array>;

  constructor(images: Images, options: ImageBatchOptions) {
    this.#canvas = options.canvas;
    const worker = new URL("./image_worker.ts", import.meta.url);
    this.#feed = openFeed({ images, options, open: openImageMaker, worker });
  }

  /**
   * @returns float32 [batch, 3, S, S] in [0, 1], zero outside the image.
   * @throws {DiagnosticError} If an image is damaged.
   */
  async of(picks: readonly PickedRow[]): Promise<Tensor<"float32">> {
    const [side, made] = [this.#canvas, await this.#feed.of(picks)];
    const size = 3 * side * side;
    const images = new Float32Array(picks.length * size);
    made.forEach((image, place) => images.set(image, place * size));
    return tensor("float32", [picks.length, 3, side, side], images);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#feed[Symbol.asyncDispose]() as Promise<void>;
  }
}
