import { assert } from "@std/assert";
import { corruptImage, type CorruptionName } from "../../../lib/vision/corrupt/corrupt.ts";

interface Case {
  readonly kind: CorruptionName;
  readonly severity: number;
  readonly height: number;
  readonly width: number;
  /** Every 241st value, 0 to 255. */
  readonly values: readonly number[];
}

const reference = new URL("reference.json", import.meta.url);
const cases: readonly Case[] = JSON.parse(await Deno.readTextFile(reference));

/** The image of make_reference.py. */
function image(height: number, width: number): Uint8Array {
  return Uint8Array.from({ length: 3 * height * width }, (_, i) => {
    const [x, y, c] = [i % width, Math.floor(i / width) % height, Math.floor(i / width / height)];
    const wave = Math.sin(x / 5 + c) * Math.cos(y / (4 + c));
    const check = (Math.floor(x / 6) + Math.floor(y / 5)) % 2;
    return Math.min(255, Math.max(0, Math.floor(118 + 90 * wave + 40 * check - 20)));
  });
}

/** Largest difference and mean one, of 255. */
const bounds: Readonly<Partial<Record<CorruptionName, readonly [most: number, mean: number]>>> = {
  brightness: [0.6, 0.5],
  contrast: [0.6, 0.5],
  pixelate: [1, 0.6],
  "jpeg-compression": [1, 0.1],
  "zoom-blur": [0.6, 0.5],
  "defocus-blur": [0.6, 0.5],
};

for (const kind of Object.keys(bounds) as (keyof typeof bounds)[]) {
  Deno.test(`${kind} is as published, on images of several sizes`, async () => {
    for (const { severity, height, width, values } of cases.filter((one) => one.kind === kind)) {
      const size = { height, width };
      const options = { kind, severity, size, draw: "none" };
      const out = await corruptImage(image(height, width), options);
      const differences = values.map((value, i) => Math.abs(value - out[241 * i]!));
      const most = Math.max(...differences);
      const mean = differences.reduce((sum, x) => sum + x, 0) / differences.length;
      const found = `severity ${severity}, ${width}×${height}: ${most} and ${mean}`;
      assert(most <= bounds[kind]![0] && mean <= bounds[kind]![1], found);
    }
  });
}
