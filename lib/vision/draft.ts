/**
 * Describes what an image processor does to an image, as a chain of steps that only move and mix
 * pixels: resizing, and cutting out a window. Each step is linear along each axis, so a chain is
 * one matrix per axis.
 *
 * @module
 */
import { axisMatrix, axisWeights, type ImageSize, type Resample } from "./resize.ts";

/** A step. A window may reach over the edge; what lies there has the colour `fill`, 0 to 1, default 0. */
export type Step =
  | { readonly kind: "resize"; readonly filter: Resample }
  | {
    readonly kind: "window";
    readonly top: number;
    readonly left: number;
    readonly fill?: readonly number[];
  };

/** An image on its way: the given image, or what a step makes of an earlier draft. */
export interface Draft {
  readonly size: ImageSize;
  readonly from?: Draft;
  readonly step?: Step;
}

/** The given image. */
export function startDraft(size: ImageSize): Draft {
  return { size };
}

/** Resizes a draft; one of that size stays as it is. */
export function resizeDraft(from: Draft, size: ImageSize, filter: Resample): Draft {
  return sameSize(from.size, size) ? from : { size, from, step: { kind: "resize", filter } };
}

/** Takes a window of a draft. */
export function cutDraft(
  from: Draft,
  size: ImageSize,
  place: { readonly top: number; readonly left: number; readonly fill?: readonly number[] },
): Draft {
  if (sameSize(from.size, size) && place.top === 0 && place.left === 0) return from;
  return { size, from, step: { kind: "window", ...place } };
}

/** Crops the centre; what is smaller is surrounded by zeros. */
export function cropDraft(from: Draft, size: ImageSize): Draft {
  const start = (whole: number, part: number) => Math.floor((whole - part) / 2);
  return cutDraft(from, size, {
    top: start(from.size.height, size.height),
    left: start(from.size.width, size.width),
  });
}

/** Cuts a draft into tiles of one size, row by row; those at its end may be smaller. */
export function tileDraft(from: Draft, tile: ImageSize): readonly Draft[] {
  const tiles: Draft[] = [];
  for (let top = 0; top < from.size.height; top += tile.height) {
    for (let left = 0; left < from.size.width; left += tile.width) {
      const height = Math.min(tile.height, from.size.height - top);
      const width = Math.min(tile.width, from.size.width - left);
      tiles.push(cutDraft(from, { height, width }, { top, left }));
    }
  }
  return tiles;
}

/** Whether sizes are equal. */
export function sameSize(a: ImageSize, b: ImageSize): boolean {
  return a.height === b.height && a.width === b.width;
}

/** Whether a step on the way fills what lies outside with a colour that is not 0. */
export function hasFill(draft: Draft): boolean {
  const { step, from } = draft;
  if (step?.kind === "window" && step.fill?.some((value) => value !== 0)) return true;
  return from !== undefined && hasFill(from);
}

/**
 * What a draft takes from an axis of the image, `[size of the draft, size of the image]`, without
 * what lies outside; undefined where the axis is unchanged.
 */
export function axisMap(draft: Draft, axis: "height" | "width"): Float64Array | undefined {
  const { from, step } = draft;
  if (from === undefined || step === undefined) return undefined;
  const before = axisMap(from, axis);
  const [input, output] = [from.size[axis], draft.size[axis]];
  if (step.kind === "window") {
    const start = axis === "height" ? step.top : step.left;
    if (start === 0 && input === output) return before;
    return windowRows(before, { input, output, start });
  }
  if (input === output) return before;
  const resize = Float64Array.from(axisMatrix(axisWeights(input, output, step.filter)));
  return before === undefined ? resize : product(resize, before, input);
}

function windowRows(
  map: Float64Array | undefined,
  { input, output, start }: {
    readonly input: number;
    readonly output: number;
    readonly start: number;
  },
): Float64Array {
  const width = map === undefined ? input : map.length / input;
  const rows = new Float64Array(output * width);
  for (let i = Math.max(0, -start); i < Math.min(output, input - start); i++) {
    if (map === undefined) rows[i * width + start + i] = 1;
    else rows.set(map.subarray((start + i) * width, (start + i + 1) * width), i * width);
  }
  return rows;
}

/** [rows, inner] · [inner, columns] */
function product(a: Float64Array, b: Float64Array, inner: number): Float64Array {
  const [rows, columns] = [a.length / inner, b.length / inner];
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const value = a[i * inner + k]!;
      if (value === 0) continue;
      for (let j = 0; j < columns; j++) out[i * columns + j]! += value * b[k * columns + j]!;
    }
  }
  return out;
}
