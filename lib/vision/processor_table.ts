/** The image processors by `image_processor_type`. A new one is a file and a row here. @module */
import type { ImagePlan } from "./image_plan.ts";
import type { ProcessorConfig } from "./processor_fields.ts";
import { llavaNextProcessor, llavaOnevisionProcessor } from "./processors/anyres.ts";
import {
  beitProcessor,
  chameleonProcessor,
  dptProcessor,
  flavaProcessor,
  levitProcessor,
  mobileNetProcessor,
  owlVitProcessor,
  poolFormerProcessor,
  pvtProcessor,
  segformerProcessor,
} from "./processors/classifiers.ts";
import { donutProcessor } from "./processors/donut.ts";
import { gemma3Processor } from "./processors/gemma3.ts";
import { gemma4Processor } from "./processors/gemma4.ts";
import { cohere2VisionProcessor, gotOcr2Processor, ovis2Processor } from "./processors/got_ocr2.ts";
import { idefics3Processor } from "./processors/idefics3.ts";
import { janusProcessor, vlmProcessor } from "./processors/janus.ts";
import { lfm2VlProcessor } from "./processors/lfm2_vl.ts";
import { phi3vProcessor } from "./processors/phi3_v.ts";
import { pixtralProcessor } from "./processors/pixtral.ts";
import {
  blipProcessor,
  clipProcessor,
  convnextProcessor,
  deitProcessor,
  efficientNetProcessor,
  llavaProcessor,
  siglipProcessor,
  unnamed,
  vitProcessor,
} from "./processors/plain.ts";
import type { PlanOptions, ProcessorKind } from "./processors/processor_kind.ts";
import { glm4vProcessor, paddleOcrVlProcessor, qwen2VlProcessor } from "./processors/qwen2_vl.ts";
import { siglip2Processor } from "./processors/siglip2.ts";
import type { ImageSize } from "./resize.ts";

const kinds: readonly ProcessorKind[] = [
  clipProcessor,
  siglipProcessor,
  siglip2Processor,
  blipProcessor,
  vitProcessor,
  deitProcessor,
  convnextProcessor,
  efficientNetProcessor,
  beitProcessor,
  owlVitProcessor,
  flavaProcessor,
  pvtProcessor,
  segformerProcessor,
  mobileNetProcessor,
  chameleonProcessor,
  levitProcessor,
  poolFormerProcessor,
  dptProcessor,
  llavaProcessor,
  llavaNextProcessor,
  llavaOnevisionProcessor,
  idefics3Processor,
  qwen2VlProcessor,
  glm4vProcessor,
  paddleOcrVlProcessor,
  gotOcr2Processor,
  cohere2VisionProcessor,
  ovis2Processor,
  gemma3Processor,
  gemma4Processor,
  pixtralProcessor,
  lfm2VlProcessor,
  donutProcessor,
  janusProcessor,
  vlmProcessor,
  phi3vProcessor,
];

/** Whether an `image_processor_type` is known, whichever of its variants is named. */
export function isProcessorType(type: unknown): boolean {
  return kinds.some(({ types }) => types.includes(plainName(type)));
}

/** Variants compute the same on another library; older files call a processor a feature extractor. */
function plainName(type: unknown): string {
  if (typeof type !== "string") return "";
  return type.replace(/(Fast|Pil)$/, "").replace(/FeatureExtractor$/, "ImageProcessor");
}

function kindOf(config: ProcessorConfig): ProcessorKind {
  const type = plainName(config.image_processor_type ?? config.feature_extractor_type);
  return kinds.find(({ types }) => types.includes(type)) ?? unnamed;
}

/**
 * What the processor does with images of a size. Fields that are absent or null take what Hugging
 * Face's class of the same `image_processor_type` takes.
 *
 * @throws {RangeError} If the configuration asks for what is not supported, or its sizes are not sizes.
 */
export function planProcessor(
  config: ProcessorConfig,
  from: ImageSize,
  options: PlanOptions = {},
): ImagePlan {
  const kind = kindOf(config);
  return kind.plan(withDefaults(config, kind), from, options);
}

/**
 * Reads the fields of a processor.
 *
 * @throws {ProcessorFieldError} If one cannot be used for any image.
 */
export function checkProcessor(config: ProcessorConfig): void {
  planProcessor(config, { height: 224, width: 224 });
}

function withDefaults(config: ProcessorConfig, { defaults }: ProcessorKind): ProcessorConfig {
  const given = Object.entries(config)
    .filter(([name, value]) =>
      value !== null || name.startsWith("do_") || !Object.hasOwn(defaults, name)
    );
  const own = Object.fromEntries(given);
  return { ...(cropWouldPad(own, defaults) ? withoutCrop(defaults) : defaults), ...own };
}

/**
 * Whether a file gives one size for all images and no word on cropping, and the kind's own crop is
 * larger: then that size is meant, for a crop would only put a black edge around it.
 */
function cropWouldPad(own: ProcessorConfig, defaults: ProcessorConfig): boolean {
  if (own.crop_size !== undefined || own.do_center_crop !== undefined) return false;
  const { height, width } = Object(own.size) as Partial<Record<keyof ImageSize, unknown>>;
  const crop = Object(defaults.crop_size) as Partial<ImageSize>;
  // What is no number is reported where the size is read.
  if (typeof height !== "number" || typeof width !== "number") return false;
  return height < (crop.height ?? 0) || width < (crop.width ?? 0);
}

function withoutCrop({ do_center_crop: _, crop_size: __, ...others }: ProcessorConfig) {
  return others;
}
