/** Makes of rows what a model reads, and what they are known by. @module */
import type { FeedItem, ImageMaker } from "../data/image_feed.ts";
import { imageTensor, type Place, placedImage } from "../models/prompted_images.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Images } from "../vision/images.ts";
import { runPlan } from "../vision/preprocess.ts";
import type { ProcessorConfig } from "../vision/processor_fields.ts";
import { planProcessor } from "../vision/processor_table.ts";
import type { PlanOptions } from "../vision/processors/processor_kind.ts";
import type { ImageSize } from "../vision/resize.ts";
import { rowDigest } from "./row_digest.ts";

/** A model's image processor. */
export interface ProcessorSettings {
  readonly config: ProcessorConfig;
  readonly options: PlanOptions;
}

/** What is made of rows. */
export interface ShownOptions {
  /** Where images are placed for a prompt; absent: they go through the processor as they are. */
  readonly place?: Place;
  readonly processor: ProcessorSettings;
}

/** A row to show. */
export interface ShownItem extends FeedItem {
  readonly instruction: string;
  readonly answer: string;
}

/** A row that can be shown. */
export interface ShownRow {
  /** See `rowDigest()`. */
  readonly digest: string;
  /** Size of the image that the processor gets. */
  readonly size: ImageSize;
  /** The placed image [1, 3, S, S], without a prompt; or what the processor made of the whole one. */
  readonly image: Tensor<"float32">;
}

/** Opens what makes a row ready: only what the model reads is kept of an image. */
export function openShownMaker(
  images: Images,
  { place, processor: { config, options } }: ShownOptions,
): ImageMaker<ShownItem, ShownRow> {
  const { fit } = images;
  return async ({ row, instruction, answer }) => {
    const image = await images.read(row);
    const { data: pixels, height, width } = image;
    const digest = await rowDigest({ pixels, height, width, instruction, answer });
    if (place !== undefined) {
      const size = { height: place.canvas, width: place.canvas };
      return { digest, size, image: placedImage(image, fit, place) };
    }
    const size = { height, width };
    const plan = planProcessor(config, size, options);
    return { digest, size, image: runPlan(imageTensor(image), plan) };
  };
}
