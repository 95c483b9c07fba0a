/**
 * What a model's image processor does, from `preprocessor_config.json`: resize, centre crop,
 * rescale, normalise.
 *
 * @module
 */
import { type Tensor, tensor } from "../tensor/tensor.ts";
import {
  channelsOf,
  factorOf,
  filterOf,
  fixedSize,
  flagOf,
  type ProcessorConfig,
  ProcessorFieldError,
  resizedSize,
} from "./processor_fields.ts";
import { type PictureSize, type Resample, resizeBytes, resizePlanes } from "./resize.ts";

/** What happens to a picture of one size. */
export interface ProcessorPlan {
  readonly from: PictureSize;
  /** Size after resizing, equal to `from` where nothing is resized. */
  readonly resized: PictureSize;
  readonly filter: Resample;
  /** Size after cropping: that of `pixel_values`. */
  readonly cropped: PictureSize;
  /** `pixel_values = scale * x + bias` per channel, for x from 0 to 1. */
  readonly scale: readonly number[];
  readonly bias: readonly number[];
}

/** Most bytes of the pictures of one run. */
const mostBytes = 2 ** 29;

/**
 * Settings that change the picture in ways that are not done here. Where there is a grid of tiles,
 * `do_pad` is about their number.
 */
const unsupported = ["do_pad", "do_image_splitting", "do_pan_and_scan", "do_thumbnail"];

/**
 * What the processor does with pictures of a size.
 *
 * @throws {RangeError} If the configuration asks for what is not supported, or its sizes are no sizes.
 */
export function planProcessor(config: ProcessorConfig, from: PictureSize): ProcessorPlan {
  const refused = unsupported.find((name) =>
    config[name] === true && !(name === "do_pad" && config.image_grid_pinpoints)
  );
  if (refused !== undefined) {
    throw new RangeError(
      `Cannot build image processor: "${refused}" is set, supported are do_resize, do_center_crop, do_rescale and do_normalize`,
    );
  }
  return planSteps(config, from);
}

/**
 * Reads the fields of a processor.
 *
 * @throws {ProcessorFieldError} If one cannot be used for any picture.
 */
export function checkProcessor(config: ProcessorConfig): void {
  planSteps(config, { height: 224, width: 224 });
}

function planSteps(config: ProcessorConfig, from: PictureSize): ProcessorPlan {
  const resizes = flagOf(config, "do_resize", true) && (config.size ?? undefined) !== undefined;
  const resized = resizes ? resizedSize(config.size, from) : from;
  const cropped = flagOf(config, "do_center_crop", false)
    ? fixedSize(config.crop_size ?? config.size, "crop_size")
    : resized;
  return { from, resized, filter: filterOf(config), cropped, ...affineOf(config) };
}

function affineOf(config: ProcessorConfig): { scale: number[]; bias: number[] } {
  const rescales = flagOf(config, "do_rescale", true);
  const factor = rescales ? 255 * factorOf(config, "rescale_factor", 1 / 255) : 255;
  const normalizes = flagOf(config, "do_normalize", true) && (config.image_mean ?? null) !== null;
  const mean = normalizes ? channelsOf(config, "image_mean") : [0, 0, 0];
  const std = normalizes ? channelsOf(config, "image_std") : [1, 1, 1];
  const scale = std.map((deviation) => factor / deviation);
  const bias = mean.map((value, channel) => -value / std[channel]!);
  if ([...scale, ...bias].every(Number.isFinite)) return { scale, bias };
  const given = `image_mean is ${JSON.stringify(mean)} and image_std ${JSON.stringify(std)}`;
  throw new ProcessorFieldError(`${given}, which gives infinite pixels`);
}

/** First pixel of a centre crop; negative where the crop is larger and zeros surround the picture. */
export function cropStart(size: number, crop: number): number {
  return Math.floor((size - crop) / 2);
}

/**
 * `pixel_values` of pictures, as the model's own processor makes them.
 *
 * @param pictures `[n, 3, height, width]`: bytes, resized with Pillow's rounding, or floats from 0
 * to 1, resized without rounding or clipping.
 */
export function preprocess(
  pictures: Tensor<"uint8" | "float32">,
  config: ProcessorConfig,
): Tensor<"float32"> {
  const [count = 0, , height = 0, width = 0] = pictures.dims;
  const plan = planProcessor(config, { height, width });
  const { from, resized: to, filter, cropped } = plan;
  refuseTooMany(count, to);
  refuseTooMany(count, cropped);
  const data = pictures.data;
  const resized = data instanceof Uint8Array
    ? Float32Array.from(resizeBytes(data, { from, to, filter }), (value) => value / 255)
    : resizePlanes(data, { from, to, filter });
  const planes = cropPlanes(resized, to, cropped);
  const area = cropped.height * cropped.width;
  for (let i = 0; i < planes.length; i++) {
    const channel = Math.floor(i / area) % 3;
    planes[i] = planes[i]! * plan.scale[channel]! + plan.bias[channel]!;
  }
  return tensor("float32", [count, 3, cropped.height, cropped.width], planes);
}

function refuseTooMany(count: number, { height, width }: PictureSize): void {
  if (4 * 3 * count * height * width <= mostBytes) return;
  throw new RangeError(
    `Cannot prepare ${count} pictures of ${width}×${height} pixels at once: they take more than ${mostBytes} bytes, a smaller batch takes less`,
  );
}

function cropPlanes(planes: Float32Array, from: PictureSize, to: PictureSize): Float32Array {
  if (from.height === to.height && from.width === to.width) return planes.slice();
  const count = planes.length / (from.height * from.width);
  const out = new Float32Array(count * to.height * to.width);
  const top = cropStart(from.height, to.height);
  const left = cropStart(from.width, to.width);
  for (let plane = 0; plane < count; plane++) {
    for (let y = Math.max(0, -top); y < Math.min(to.height, from.height - top); y++) {
      for (let x = Math.max(0, -left); x < Math.min(to.width, from.width - left); x++) {
        out[(plane * to.height + y) * to.width + x] =
          planes[(plane * from.height + top + y) * from.width + left + x]!;
      }
    }
  }
  return out;
}
