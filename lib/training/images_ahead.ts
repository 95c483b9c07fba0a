/** The images of a training's steps, made before they are asked for. @module */
import { imageSideOf } from "../prompts/prompt_table.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ReadAhead } from "../vision/read_ahead.ts";
import { batchOrder, type PickedRow } from "./batches.ts";
import { ImageBatches } from "./image_batches.ts";
import type { PromptTraining } from "./prompt_training.ts";

/** Bytes of batches that may lie ready, and how many batches that is at least and at most. */
const readyBytes = 64 * 2 ** 20;
const [fewestReady, mostReady] = [3, 16];

/** Rows of the steps, in their order. */
export function orderOf({ settings, data }: PromptTraining): (step: number) => PickedRow[] {
  const { batch, seed, augment } = settings;
  const { mirrorKeepsAnswer = true } = data.info;
  const { fit } = data.images;
  return batchOrder({ rows: data.rows.length, batch, seed, augment, mirrorKeepsAnswer, fit });
}

/** Makes the images of the steps, from the first one on. */
export class ImagesAhead implements AsyncDisposable {
  readonly #batches: ImageBatches;
  readonly #ahead: ReadAhead<Tensor>;

  /** @param from The step that is asked for first. */
  constructor(training: PromptTraining, from = 0) {
    const { settings, data } = training;
    const { canvas, augment, kind, batch, steps } = settings;
    const image = imageSideOf(kind, settings);
    const batches = new ImageBatches(data.images, { canvas, augment, image });
    const batchOf = orderOf(training); // it keeps the shuffle of one epoch, and may be in the next
    const ready = Math.floor(readyBytes / (4 * 3 * batch * canvas ** 2));
    this.#batches = batches;
    this.#ahead = new ReadAhead((step) => batches.of(batchOf(step)), {
      end: steps,
      window: Math.max(fewestReady, Math.min(mostReady, ready)),
    });
    this.#ahead.begin(from); // while the graphs are made
  }

  /** Those of a step, float32 [batch, 3, S, S]. */
  get(step: number): Promise<Tensor> {
    return this.#ahead.get(step);
  }

  /** How long it was waited for them, in ms. */
  get waitedMs(): number {
    return this.#ahead.waitedMs;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#batches[Symbol.asyncDispose]();
  }
}
