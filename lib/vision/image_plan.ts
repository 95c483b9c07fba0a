/**
 * Plans what an image processor does with images of one size, and which tensors it gives besides
 * pixels.
 *
 * @module
 */
import type { Tensor } from "../tensor/tensor.ts";
import type { Draft } from "./draft.ts";
import { channelsOf, factorOf, flagOf, type ProcessorConfig } from "./processor_fields.ts";
import { ProcessorFieldError } from "./processor_fields.ts";
import type { ImageSize } from "./resize.ts";

/** How the tiles of an image become its `pixel_values`. */
export type Layout =
  /** One tile: [3, height, width]. */
  | { readonly kind: "image" }
  /** [tiles, 3, height, width], filled up with tiles of zeros where there are to be `least`. */
  | { readonly kind: "tiles"; readonly least?: number }
  /**
   * One tile as [patches, 3 · repeat · side · side], or with `planes` as [patches, 3 · repeat, side,
   * side], in the order of blocks of `merge` by `merge` patches; the image represents `repeat` frames of
   * a film.
   */
  | {
    readonly kind: "merged-patches";
    readonly side: number;
    readonly merge: number;
    readonly repeat: number;
    readonly planes?: boolean;
  }
  /** Tiles of any size as [tiles, most, side · side · 3]: patches row by row, filled up with zeros. */
  | { readonly kind: "patch-rows"; readonly side: number; readonly most: number };

/** What happens to an image of one size. */
export interface ImagePlan {
  readonly from: ImageSize;
  /** The tiles, in order; the layouts but "patch-rows" take tiles of one size. */
  readonly tiles: readonly Draft[];
  /** `pixel_values = scale * x + bias` per channel, for x from 0 to 1. */
  readonly scale: readonly number[];
  readonly bias: readonly number[];
  readonly layout: Layout;
  /** Rows and columns of tiles, 0 where the image is not cut; of merged patches, where there are some. */
  readonly grid: { readonly rows: number; readonly columns: number };
  /** Other outputs of the processor, of one image, by name. */
  readonly extras: Readonly<Record<string, Tensor>>;
}

/** Settings of a plan that its tiles do not say. */
type Affine = Pick<ImagePlan, "scale" | "bias">;

/**
 * Rescaling and normalising as one factor and one summand per channel.
 *
 * @throws {ProcessorFieldError} If the fields give infinite pixels.
 */
export function affineOf(config: ProcessorConfig): Affine {
  const rescales = flagOf(config, "do_rescale", true);
  const factor = rescales ? 255 * factorOf(config, "rescale_factor", 1 / 255) : 255;
  const normalizes = flagOf(config, "do_normalize", true) && (config.image_mean ?? null) !== null;
  const mean = normalizes ? channelsOf(config, "image_mean") : [0, 0, 0];
  const std = normalizes ? channelsOf(config, "image_std") : [1, 1, 1];
  const scale = std.map((deviation) => factor / deviation);
  const bias = mean.map((value, channel) => -value / std[channel]!);
  if ([...scale, ...bias].every(Number.isFinite)) return { scale, bias };
  const given = `image_mean is ${JSON.stringify(mean)} and image_std ${JSON.stringify(std)}`;
  throw new ProcessorFieldError(`${given}, which makes pixels infinite`);
}

/** A plan of one tile. */
export function wholePlan(config: ProcessorConfig, from: ImageSize, tile: Draft): ImagePlan {
  return {
    from,
    tiles: [tile],
    ...affineOf(config),
    layout: { kind: "image" },
    grid: { rows: 0, columns: 0 },
    extras: {},
  };
}

/** Shape of the `pixel_values` of one image. */
export function pixelDims({ tiles, layout }: ImagePlan): readonly number[] {
  const { height, width } = tiles[0]!.size;
  switch (layout.kind) {
    case "image":
      return [3, height, width];
    case "tiles":
      return [Math.max(tiles.length, layout.least ?? 0), 3, height, width];
    case "merged-patches": {
      const { side, repeat, planes = false } = layout;
      const patches = height / side * (width / side);
      return planes ? [patches, 3 * repeat, side, side] : [patches, 3 * repeat * side * side];
    }
    case "patch-rows":
      return [tiles.length, layout.most, 3 * layout.side ** 2];
  }
}
