/** Carries out the steps of drafts on images. @module */
import { type Draft, sameSize, type Step } from "./draft.ts";
import { type ImageSize, resizeBytes, resizePlanes, unitPlanes } from "./resize.ts";

/** Planes of images with three channels: bytes, or floats from 0 to 1. */
export type Planes = Uint8Array | Float32Array;

/**
 * Runs drafts on images `[n, 3, height, width]`. Bytes are rounded after every resize as Pillow
 * does; floats are neither rounded nor clipped.
 */
export class DraftRunner {
  readonly #images: Planes;
  readonly #done = new Map<Draft, Planes>();

  constructor(images: Planes) {
    this.#images = images;
  }

  /** The images of a draft, `[n, 3, …]` of its size. Drafts in common are computed once. */
  run(draft: Draft): Planes {
    const { from, step } = draft;
    if (from === undefined || step === undefined) return this.#images;
    let planes = this.#done.get(draft);
    if (planes === undefined) {
      planes = take(step, this.run(from), { from: from.size, to: draft.size });
      this.#done.set(draft, planes);
    }
    return planes;
  }
}

interface Sizes {
  readonly from: ImageSize;
  readonly to: ImageSize;
}

function take(step: Step, planes: Planes, sizes: Sizes): Planes {
  if (step.kind === "window") return window(step, planes, sizes);
  const { filter } = step;
  if (!(planes instanceof Uint8Array)) return resizePlanes(planes, { ...sizes, filter });
  // PyTorch takes pixels as floats and does not round them.
  return filter === "sampled-bicubic"
    ? resizePlanes(unitPlanes(planes), { ...sizes, filter })
    : resizeBytes(planes, { ...sizes, filter });
}

function window(
  { top, left, fill = [0, 0, 0] }: Extract<Step, { kind: "window" }>,
  planes: Planes,
  { from, to }: Sizes,
): Planes {
  if (sameSize(from, to) && top === 0 && left === 0) return planes;
  const count = planes.length / (from.height * from.width);
  const area = to.height * to.width;
  const bytes = planes instanceof Uint8Array;
  const out = bytes ? new Uint8Array(count * area) : new Float32Array(count * area);
  const [first, last] = [Math.max(0, -left), Math.min(to.width, from.width - left)];
  for (let plane = 0; plane < count; plane++) {
    const colour = fill[plane % 3]!;
    if (colour !== 0) {
      out.fill(bytes ? Math.round(255 * colour) : colour, plane * area, (plane + 1) * area);
    }
    for (let y = Math.max(0, -top); y < Math.min(to.height, from.height - top); y++) {
      const row = (plane * from.height + top + y) * from.width + left;
      out.set(
        planes.subarray(row + first, row + last),
        (plane * to.height + y) * to.width + first,
      );
    }
  }
  return out;
}
