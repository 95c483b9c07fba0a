/** Prepares the images of batches in a separate thread. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { Images } from "../vision/images.ts";
import type { PickedRow } from "./batches.ts";
import type { PhotoAnswer, PhotoRequest } from "./photo_worker.ts";
import { type PhotoMaker, type PhotoOptions, Photos } from "./photos.ts";

/**
 * Opens what makes the images of batches. Encoded ones are made in a thread of its own: ONNX
 * Runtime computes in the thread that asks, in which nothing else goes on meanwhile.
 */
export function openPhotos(images: Images, options: PhotoOptions): PhotoMaker {
  const { folder } = images;
  return folder === undefined ? new Photos(images, options) : new PhotoThread(folder, options);
}

/** A batch that was asked for. */
interface Asked {
  readonly count: number;
  readonly answer: PromiseWithResolvers<Tensor<"float32">>;
}

class PhotoThread implements PhotoMaker {
  readonly #worker: Worker;
  readonly #canvas: number;
  readonly #asked: Asked[] = [];

  constructor(folder: string, options: PhotoOptions) {
    this.#canvas = options.canvas;
    this.#worker = new Worker(new URL("./photo_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#answer(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const failure = new TypeError(`Cannot make images in a thread: ${event.message}`);
      for (const { answer } of this.#asked.splice(0)) answer.reject(failure);
    };
    this.#post({ folder, options });
  }

  of(picks: readonly PickedRow[]): Promise<Tensor<"float32">> {
    const answer = Promise.withResolvers<Tensor<"float32">>();
    this.#asked.push({ count: picks.length, answer });
    this.#post({ picks });
    return answer.promise;
  }

  #post(request: PhotoRequest): void {
    this.#worker.postMessage(request);
  }

  #answer(data: PhotoAnswer): void {
    const { count, answer } = this.#asked.shift()!;
    const side = this.#canvas;
    if ("photos" in data) answer.resolve(tensor("float32", [count, 3, side, side], data.photos));
    else answer.reject(new DiagnosticError(data.mistakes));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#worker.terminate();
    return Promise.resolve();
  }
}
