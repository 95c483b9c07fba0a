/** Views whose blocks have changed places. @module */
import type { Random } from "../../tensor/random.ts";
import { tensor } from "../../tensor/tensor.ts";
import type { View } from "./view.ts";

/** Blocks along an axis, and the largest turn of one to either side. */
const [BLOCKS, DEGREES] = [2, 24];

/** A part of an axis: where it was, where it is, and how long it is. */
interface Strip {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** An axis cut at random places, its parts in a random order. */
function shuffledStrips(random: Random, canvas: number): readonly Strip[] {
  const cuts = Array.from({ length: BLOCKS - 1 }, () => 1 + random.integer(canvas - 1));
  const ends = [...cuts.sort((a, b) => a - b), canvas];
  const parts = ends.map((end, i) => ({ from: i === 0 ? 0 : ends[i - 1]!, end }));
  let to = 0;
  return Array.from(random.permutation(BLOCKS), (i) => {
    const { from, end } = parts[i]!;
    const strip = { from, to, length: end - from };
    to += strip.length;
    return strip;
  });
}

/** Where each pixel comes from, row by row, and 1 where it comes from the image. */
interface Plan {
  readonly from: BigInt64Array;
  readonly seen: Float32Array;
}

/** Turns a block about its middle, nearest pixels; its corners go black. */
function place(plan: Plan, [x, y]: readonly [Strip, Strip], angle: number, canvas: number): void {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [middleX, middleY] = [(x.length - 1) / 2, (y.length - 1) / 2];
  for (let row = 0; row < y.length; row++) {
    for (let column = 0; column < x.length; column++) {
      const [dx, dy] = [column - middleX, row - middleY];
      const u = Math.round(middleX + cos * dx + sin * dy);
      const v = Math.round(middleY + cos * dy - sin * dx);
      if (u < 0 || v < 0 || u >= x.length || v >= y.length) continue;
      const at = (y.to + row) * canvas + x.to + column;
      plan.from[at] = BigInt((y.from + v) * canvas + x.from + u);
      plan.seen[at] = 1;
    }
  }
}

/**
 * Block shuffle and rotation (BSR, Wang et al., arXiv 2308.10299): the image is cut into 2×2 blocks
 * of random sizes, which change places and are turned by up to 24°.
 */
export const blockShuffle: View = {
  description: "cut into 2×2 blocks that change places and turn (BSR, arXiv 2308.10299)",
  inputs: ({ canvas }) => ({ from: [canvas ** 2], seen: [canvas ** 2] }),
  indices: ["from"],
  build: (b, { pixels }, { from, seen }, { batch, canvas }) => {
    const flat = b.op("Reshape", [pixels, b.int64s([batch, 3, canvas ** 2])]);
    const moved = b.op("Mul", [b.op("Gather", [flat, from!], { axis: 2 }), seen!]);
    return b.op("Reshape", [moved, b.int64s([batch, 3, canvas, canvas])]);
  },
  draw: ({ random, canvas }) => {
    const plan = {
      from: new BigInt64Array(canvas ** 2),
      seen: new Float32Array(canvas ** 2),
    };
    const turn = () => random.uniform(-DEGREES, DEGREES) * Math.PI / 180;
    for (const x of shuffledStrips(random, canvas)) {
      for (const y of shuffledStrips(random, canvas)) place(plan, [x, y], turn(), canvas);
    }
    return {
      from: tensor("int64", [canvas ** 2], plan.from),
      seen: tensor("float32", [canvas ** 2], plan.seen),
    };
  },
};
