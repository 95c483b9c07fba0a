/**
 * Paints small images into typed arrays, in about a third of a millisecond each. A canvas is RGB,
 * channels first, with values from 0 to 1. A sprite is RGBA, its colours multiplied by alpha. All
 * randomness comes from the given `Random`.
 *
 * @module
 */
import type { Random } from "../tensor/random.ts";

/** Edge of a canvas in pixels, and its number of values. */
export const canvasSize = 64;
export const canvasLength = 3 * canvasSize * canvasSize;

/** A square drawing with a transparent margin of one pixel, so that sampling needs no bounds. */
export interface Sprite {
  /** Edge in pixels without the margin. */
  readonly size: number;
  /** `(size + 2)² * 4` values, pixel by pixel: red, green, blue (multiplied by alpha), alpha. */
  readonly rgba: Float32Array;
}

/** Where and how a sprite lies on the canvas. */
export interface Pose {
  /** Edge of the sprite on the canvas, and its centre, in pixels. */
  readonly edge: number;
  readonly x: number;
  readonly y: number;
  /** Radians. */
  readonly angle: number;
  readonly mirror: boolean;
}

/** The range poses are drawn from. */
export interface PoseRange {
  /** Edge of the sprite relative to the region. */
  readonly scale: readonly [number, number];
  /** Largest rotation to either side. */
  readonly degrees: number;
  /** Share of the free room that the centre may move into. */
  readonly shift: number;
  readonly mirror: boolean;
}

/** A square part of the canvas, in pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly edge: number;
}

/** Red, green and blue from 0 to 1. */
export type Colour = readonly [number, number, number];

const wholeCanvas: Region = { x: 0, y: 0, edge: canvasSize };

/** The four quarters of the canvas. */
export const quadrants: readonly Region[] = [0, 1, 2, 3].map((index) => ({
  x: index % 2 * canvasSize / 2,
  y: (index >> 1) * canvasSize / 2,
  edge: canvasSize / 2,
}));

/** Even the largest drawing may move by this share of the region. */
const leastRoom = 0.1;

/** A sprite of RGBA bytes as image decoders give them. */
export function spriteOf(pixels: Uint8Array, size: number): Sprite {
  const rgba = new Float32Array((size + 2) ** 2 * 4);
  for (let y = 0, from = 0; y < size; y++) {
    let to = ((y + 1) * (size + 2) + 1) * 4;
    for (let x = 0; x < size; x++, from += 4, to += 4) {
      const alpha = pixels[from + 3]! / 255;
      rgba[to] = pixels[from]! / 255 * alpha;
      rgba[to + 1] = pixels[from + 1]! / 255 * alpha;
      rgba[to + 2] = pixels[from + 2]! / 255 * alpha;
      rgba[to + 3] = alpha;
    }
  }
  return { size, rgba };
}

/** A sprite of one colour in the shape of a mask of bytes. */
export function inkSprite(mask: Uint8Array, size: number, colour: Colour): Sprite {
  const rgba = new Float32Array((size + 2) ** 2 * 4);
  for (let y = 0, from = 0; y < size; y++) {
    let to = ((y + 1) * (size + 2) + 1) * 4;
    for (let x = 0; x < size; x++, from++, to += 4) {
      const alpha = mask[from]! / 255;
      for (let channel = 0; channel < 3; channel++) rgba[to + channel] = colour[channel]! * alpha;
      rgba[to + 3] = alpha;
    }
  }
  return { size, rgba };
}

/** Multiplies each channel by a factor of its own, at most `amount` from 1. Changes the sprite. */
export function jitterColour(sprite: Sprite, random: Random, amount = 0.25): void {
  const { rgba } = sprite;
  for (let channel = 0; channel < 3; channel++) {
    const gain = random.uniform(1 - amount, 1 + amount);
    for (let i = channel, alpha = 3; alpha < rgba.length; i += 4, alpha += 4) {
      const value = rgba[i]! * gain;
      rgba[i] = value < rgba[alpha]! ? value : rgba[alpha]!;
    }
  }
}

/** A random pose inside a region, by default the whole canvas. */
export function randomPose(random: Random, range: PoseRange, region = wholeCanvas): Pose {
  const scale = random.uniform(...range.scale);
  const turn = range.degrees * Math.PI / 180;
  const room = Math.max(1 - scale, leastRoom) * range.shift * region.edge / 2;
  return {
    edge: scale * region.edge,
    angle: random.uniform(-turn, turn),
    x: region.x + region.edge / 2 + random.uniform(-room, room),
    y: region.y + region.edge / 2 + random.uniform(-room, room),
    mirror: range.mirror && random.uniform() < 0.5,
  };
}

/** Half the edge, each pixel the mean of four. */
function halved(sprite: Sprite): Sprite {
  const size = sprite.size >> 1;
  const rgba = new Float32Array((size + 2) ** 2 * 4);
  const row = (sprite.size + 2) * 4;
  for (let y = 0; y < size; y++) {
    let to = ((y + 1) * (size + 2) + 1) * 4;
    let from = (2 * y + 1) * row + 4;
    for (let x = 0; x < size; x++, from += 4) {
      for (let channel = 0; channel < 4; channel++, from++, to++) {
        const left = sprite.rgba[from]! + sprite.rgba[from + row]!;
        rgba[to] = (left + sprite.rgba[from + 4]! + sprite.rgba[from + row + 4]!) / 4;
      }
    }
  }
  return { size, rgba };
}

/** Small enough for the pose that bilinear sampling skips hardly a pixel. */
function matchSize(sprite: Sprite, edge: number): Sprite {
  let matched = sprite;
  while (edge < 0.6 * matched.size && matched.size % 2 === 0) matched = halved(matched);
  return matched;
}

/** Paints the sprite over the canvas, sampled bilinearly. */
export function paintSprite(canvas: Float32Array, sprite: Sprite, pose: Pose): void {
  const { size, rgba } = matchSize(sprite, pose.edge);
  const step = size / pose.edge;
  const cos = Math.cos(pose.angle) * step;
  const sin = Math.sin(pose.angle) * step;
  const flip = pose.mirror ? -1 : 1;
  const reach = pose.edge / 2 * (Math.abs(cos) + Math.abs(sin)) / step + 1 / step;
  const [left, right] = clip(pose.x, reach);
  const [top, bottom] = clip(pose.y, reach);
  const row = (size + 2) * 4;
  const plane = canvasSize * canvasSize;
  for (let y = top; y < bottom; y++) {
    const dy = y + 0.5 - pose.y;
    for (let x = left; x < right; x++) {
      const dx = x + 0.5 - pose.x;
      // Position in the sprite, counted from the centre of the pixel at its margin's corner.
      const u = flip * (dx * cos + dy * sin) + size / 2 + 0.5;
      const v = dy * cos - dx * sin + size / 2 + 0.5;
      if (u < 0 || v < 0 || u >= size + 1 || v >= size + 1) continue;
      const column = Math.floor(u), line = Math.floor(v);
      const fu = u - column, fv = v - line;
      const a = line * row + column * 4, b = a + row;
      const wa = (1 - fu) * (1 - fv), wb = fu * (1 - fv), wc = (1 - fu) * fv, wd = fu * fv;
      const through = 1 -
        (rgba[a + 3]! * wa + rgba[a + 7]! * wb + rgba[b + 3]! * wc + rgba[b + 7]! * wd);
      const at = y * canvasSize + x;
      canvas[at] = canvas[at]! * through + rgba[a]! * wa + rgba[a + 4]! * wb + rgba[b]! * wc +
        rgba[b + 4]! * wd;
      canvas[at + plane] = canvas[at + plane]! * through + rgba[a + 1]! * wa + rgba[a + 5]! * wb +
        rgba[b + 1]! * wc + rgba[b + 5]! * wd;
      canvas[at + 2 * plane] = canvas[at + 2 * plane]! * through + rgba[a + 2]! * wa +
        rgba[a + 6]! * wb + rgba[b + 2]! * wc + rgba[b + 6]! * wd;
    }
  }
}

function clip(centre: number, reach: number): [number, number] {
  return [
    Math.max(0, Math.floor(centre - reach)),
    Math.min(canvasSize, Math.ceil(centre + reach)),
  ];
}

/** Bilinear taps from a few cells to the pixels of an axis. */
interface Taps {
  readonly cells: number;
  readonly from: Uint8Array;
  readonly weight: Float32Array;
}

const blobScales: readonly Taps[] = [2, 6].map(tapsOf);

function tapsOf(cells: number): Taps {
  const from = new Uint8Array(canvasSize);
  const weight = new Float32Array(canvasSize);
  for (let i = 0; i < canvasSize; i++) {
    const position = Math.min(Math.max((i + 0.5) * cells / canvasSize - 0.5, 0), cells - 1);
    from[i] = Math.min(Math.floor(position), cells - 2);
    weight[i] = position - from[i]!;
  }
  return { cells, from, weight };
}

/**
 * Fills the canvas with a colour and soft blobs of two sizes, whose strength is random up to
 * `clutter`. Values may leave 0 to 1 until {@linkcode addNoise} clamps them.
 */
export function paintGround(
  canvas: Float32Array,
  random: Random,
  options: { colour: Colour; clutter: number },
): void {
  const plane = canvasSize * canvasSize;
  for (let channel = 0; channel < 3; channel++) {
    canvas.fill(options.colour[channel]!, channel * plane, (channel + 1) * plane);
  }
  for (const taps of blobScales) {
    const strength = options.clutter * random.uniform();
    for (let channel = 0; channel < 3; channel++) {
      addBlobs(canvas.subarray(channel * plane, (channel + 1) * plane), random, { taps, strength });
    }
  }
}

function addBlobs(
  plane: Float32Array,
  random: Random,
  { taps, strength }: { taps: Taps; strength: number },
): void {
  const { cells, from, weight } = taps;
  const wide = new Float32Array(cells * canvasSize);
  for (let cell = 0; cell < cells; cell++) {
    const values = Array.from({ length: cells }, () => random.normal() * strength);
    for (let x = 0; x < canvasSize; x++) {
      const low = values[from[x]!]!;
      wide[cell * canvasSize + x] = low + weight[x]! * (values[from[x]! + 1]! - low);
    }
  }
  for (let y = 0, at = 0; y < canvasSize; y++) {
    const row = from[y]! * canvasSize;
    for (let x = 0; x < canvasSize; x++, at++) {
      const low = wide[row + x]!;
      plane[at] = plane[at]! + low + weight[y]! * (wide[row + canvasSize + x]! - low);
    }
  }
}

/** Adds pixel noise of a random deviation up to `most`, and clamps the canvas to 0 to 1. */
export function addNoise(canvas: Float32Array, random: Random, most: number): void {
  const deviation = most * random.uniform();
  for (let i = 0; i < canvas.length; i++) {
    const value = canvas[i]! + deviation * random.normal();
    canvas[i] = value < 0 ? 0 : value > 1 ? 1 : value;
  }
}

/** Any colour. */
export function randomColour(random: Random): Colour {
  return [random.uniform(), random.uniform(), random.uniform()];
}

const leastContrast = 0.35;

/** Two colours that differ enough to read one on the other. */
export function contrastingColours(random: Random): { paper: Colour; ink: Colour } {
  const paper = randomColour(random);
  return { paper, ink: inkOn(paper, random) };
}

/** A colour that can be read on the canvas as it is on average. */
export function contrastingInk(canvas: Float32Array, random: Random): Colour {
  const plane = canvas.length / 3;
  const mean = [0, 1, 2].map((channel) =>
    canvas.subarray(channel * plane, (channel + 1) * plane).reduce((sum, x) => sum + x, 0) / plane
  );
  return inkOn([mean[0]!, mean[1]!, mean[2]!], random);
}

/** A random colour, or one far from the paper's where that is too near. */
function inkOn(paper: Colour, random: Random): Colour {
  const ink = randomColour(random);
  const distance = ink.reduce((sum, value, i) => sum + Math.abs(value - paper[i]!), 0) / 3;
  if (distance >= leastContrast) return ink;
  const [red, green, blue] = paper.map((value) => clamp(value > 0.5 ? value - 0.6 : value + 0.6));
  return [red!, green!, blue!];
}

function clamp(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}

/** The canvas as bytes, rounded. */
export function toBytes(canvas: Float32Array, out: Uint8Array): void {
  for (let i = 0; i < canvas.length; i++) out[i] = canvas[i]! * 255 + 0.5;
}
