/** Defines a kind of image processor. @module */
import type { PicturePlan } from "../picture_plan.ts";
import type { ProcessorConfig } from "../processor_fields.ts";
import type { PictureSize } from "../resize.ts";

/** How much of a picture is looked at. */
export interface PlanOptions {
  /** Only the whole picture as one tile, for encoders that take no tiles. */
  readonly whole?: boolean;
}

/** One row of the table of image processors. */
export interface ProcessorKind {
  /** `image_processor_type`s that it serves, without `Fast` or `Pil` behind. */
  readonly types: readonly string[];
  /** What Hugging Face's class takes where preprocessor_config.json is silent. */
  readonly defaults: ProcessorConfig;
  /**
   * What is done to a picture.
   *
   * @param config With the defaults filled in.
   * @throws {ProcessorFieldError} If a field cannot be used.
   */
  plan(config: ProcessorConfig, from: PictureSize, options: PlanOptions): PicturePlan;
}
