/** Bends an image. @module */
import type { Random } from "../../tensor/random.ts";
import { canvasSize } from "../drawing.ts";
import type { ChangedImage, ImageChange } from "./image_change.ts";

const plane = canvasSize ** 2;

/** Cells of the grid of random shifts, along an edge. */
const cells = 4;

/** Largest standard deviation of the shifts in pixels. */
const strongest = 3;

/** Shifts of every pixel along one axis: random ones on a grid, and between them bilinear. */
function shifts(random: Random, deviation: number): Float32Array {
  const grid = Float32Array.from({ length: (cells + 1) ** 2 }, () => deviation * random.normal());
  const out = new Float32Array(plane);
  for (let y = 0; y < canvasSize; y++) {
    for (let x = 0; x < canvasSize; x++) {
      const [left, top] = [x * cells / canvasSize, y * cells / canvasSize];
      out[y * canvasSize + x] = between(grid, cells + 1, left, top);
    }
  }
  return out;
}

/** The value between four neighbours of a square map. */
function between(map: Float32Array, side: number, x: number, y: number): number {
  const [left, top] = [Math.min(Math.floor(x), side - 2), Math.min(Math.floor(y), side - 2)];
  const [right, below] = [x - left, y - top];
  const at = top * side + left;
  const above = map[at]! + right * (map[at + 1]! - map[at]!);
  const under = map[at + side]! + right * (map[at + side + 1]! - map[at + side]!);
  return above + below * (under - above);
}

const inside = (value: number) => Math.min(Math.max(value, 0), canvasSize - 1);

function warpImage({ canvas }: ChangedImage, random: Random): void {
  const deviation = random.uniform(0, strongest);
  const [across, down] = [shifts(random, deviation), shifts(random, deviation)];
  const before = canvas.slice();
  for (let channel = 0; channel < 3; channel++) {
    const from = before.subarray(channel * plane, (channel + 1) * plane);
    for (let i = 0; i < plane; i++) {
      const x = inside(i % canvasSize + across[i]!);
      const y = inside(Math.floor(i / canvasSize) + down[i]!);
      canvas[channel * plane + i] = between(from, canvasSize, x, y);
    }
  }
}

/** Elastic distortion (Simard et al. 2003), its shifts drawn on a grid. */
export const warp: ImageChange = {
  description: "bent by shifts that vary slowly over the image (Simard et al. 2003)",
  share: 0.5,
  recolours: false,
  wholeOnly: true,
  change: warpImage,
};
