/**
 * What a model's image processor does, from `preprocessor_config.json`: resize, centre crop,
 * rescale, normalise.
 *
 * @module
 */
import { type Tensor, tensor } from "../tensor/tensor.ts";
import {
  type PictureSize,
  type Resample,
  resampleNames,
  resizeBytes,
  resizePlanes,
} from "./resize.ts";

/** The part of `preprocessor_config.json` that is read. */
export type ProcessorConfig = Readonly<Record<string, unknown>>;

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

/** Settings that change the picture in ways that are not done here. */
const unsupported = ["do_pad", "do_image_splitting", "do_pan_and_scan", "do_thumbnail"];

/**
 * What the processor does with pictures of a size.
 *
 * @throws {RangeError} If the configuration asks for what is not supported, or its sizes are no sizes.
 */
export function planProcessor(config: ProcessorConfig, from: PictureSize): ProcessorPlan {
  const refused = unsupported.find((name) => config[name] === true);
  if (refused !== undefined) {
    throw new RangeError(
      `Cannot build image processor: "${refused}" is set, supported are do_resize, do_center_crop, do_rescale and do_normalize`,
    );
  }
  const resizes = (config.do_resize ?? config.size !== undefined) && config.size !== undefined;
  const resized = resizes ? resizedSize(config.size, from) : from;
  const cropped = config.do_center_crop === true
    ? fixedSize(config.crop_size ?? config.size, "crop_size")
    : resized;
  return { from, resized, filter: filterOf(config), cropped, ...affineOf(config) };
}

function filterOf(config: ProcessorConfig): Resample {
  const number = config.resample ?? 2; // the default of most processors is bilinear
  const filter = resampleNames[number as number];
  if (filter !== undefined) return filter;
  throw new RangeError(
    `Cannot build image processor: resample is ${JSON.stringify(number)}, allowed are 0 to 5 (${
      resampleNames.join(", ")
    })`,
  );
}

function affineOf(config: ProcessorConfig): { scale: number[]; bias: number[] } {
  const factor = config.do_rescale === false ? 255 : 255 * Number(config.rescale_factor ?? 1 / 255);
  const normalizes = config.do_normalize !== false && config.image_mean !== undefined;
  const mean = normalizes ? channels(config.image_mean, "image_mean") : [0, 0, 0];
  const std = normalizes ? channels(config.image_std, "image_std") : [1, 1, 1];
  return {
    scale: std.map((deviation) => factor / deviation),
    bias: mean.map((value, channel) => -value / std[channel]!),
  };
}

function channels(value: unknown, name: string): number[] {
  const list = typeof value === "number" ? [value, value, value] : value;
  if (Array.isArray(list) && list.length === 3 && list.every(Number.isFinite)) return list;
  throw new RangeError(
    `Cannot build image processor: ${name} is ${JSON.stringify(value)}, three numbers are needed`,
  );
}

type SizeFields = Readonly<
  Partial<Record<"height" | "width" | "shortest_edge" | "longest_edge", number>>
>;

function fixedSize(value: unknown, name: string): PictureSize {
  if (typeof value === "number") return { height: value, width: value };
  const { height, width, shortest_edge: edge } = (value ?? {}) as SizeFields;
  if (height !== undefined && width !== undefined) return { height, width };
  if (edge !== undefined) return { height: edge, width: edge };
  throw unknownSize(value, name);
}

function resizedSize(value: unknown, from: PictureSize): PictureSize {
  const size: SizeFields = typeof value === "number" ? { shortest_edge: value } : value ?? {};
  if (size.height !== undefined && size.width !== undefined) {
    return { height: size.height, width: size.width };
  }
  const shortest = Math.min(from.height, from.width);
  const longest = Math.max(from.height, from.width);
  if (size.shortest_edge === undefined && size.longest_edge === undefined) {
    throw unknownSize(value, "size");
  }
  let edge = size.shortest_edge ?? shortest * size.longest_edge! / longest;
  const limit = size.longest_edge ?? Infinity;
  if (edge * longest / shortest > limit) edge = limit * shortest / longest;
  const short = Math.trunc(edge);
  const long = Math.min(Math.trunc(edge * longest / shortest), limit);
  return from.height <= from.width
    ? { height: short, width: long }
    : { height: long, width: short };
}

function unknownSize(value: unknown, name: string): RangeError {
  return new RangeError(
    `Cannot build image processor: ${name} is ${
      JSON.stringify(value)
    }, needed is a number, {height, width}, {shortest_edge} or {longest_edge}`,
  );
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
