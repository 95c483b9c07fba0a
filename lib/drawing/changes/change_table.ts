/**
 * The changes by name, in the order of their application. A new one is a file and a row.
 *
 * @module
 */
import type { Random } from "../../tensor/random.ts";
import { border } from "./border.ts";
import { cutout } from "./cutout.ts";
import type { ChangedImage, ImageChange } from "./image_change.ts";
import { outline } from "./outline.ts";
import { recolour } from "./recolour.ts";
import { restyle } from "./restyle.ts";
import { warp } from "./warp.ts";

/** All changes. */
export const changes = { warp, recolour, restyle, outline, cutout, border } satisfies Record<
  string,
  ImageChange
>;

/** Name of a change. */
export type ChangeName = keyof typeof changes;

/** What was done to an image. */
export interface Changed {
  /** Whether its background may have lost the name of its colour. */
  readonly recoloured: boolean;
}

/**
 * Makes random ones of the named changes to an image, in place.
 *
 * @param isShrunk Whether the image is small already.
 */
export function changeImage(
  names: readonly ChangeName[],
  image: ChangedImage & { readonly isShrunk: boolean },
  random: Random,
): Changed {
  let recoloured = false;
  for (const [name, row] of Object.entries<ImageChange>(changes)) {
    if (!names.includes(name as ChangeName) || random.uniform() >= row.share) continue;
    if (row.wholeOnly && image.isShrunk) continue;
    row.change(image, random);
    recoloured ||= row.recolours;
  }
  return { recoloured };
}
