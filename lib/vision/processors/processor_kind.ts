/** Defines a kind of image processor. @module */
import type { ImagePlan } from "../image_plan.ts";
import type { ProcessorConfig } from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";

/** How much of an image is looked at. */
export interface PlanOptions {
  /** Only the whole image as one tile, for encoders that take no tiles. */
  readonly whole?: boolean;
}

/** One row of the table of image processors. */
export interface ProcessorKind {
  /** `image_processor_type`s that it serves, without `Fast` or `Pil` behind. */
  readonly types: readonly string[];
  /** What Hugging Face's class takes where preprocessor_config.json is silent. */
  readonly defaults: ProcessorConfig;
  /**
   * What is done to an image.
   *
   * @param config With the defaults filled in.
   * @throws {ProcessorFieldError} If a field cannot be used.
   */
  plan(config: ProcessorConfig, from: ImageSize, options: PlanOptions): ImagePlan;
}
