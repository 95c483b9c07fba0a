import { assert, assertEquals } from "@std/assert";
import { border } from "../../../lib/drawing/changes/border.ts";
import { changeImage, changes } from "../../../lib/drawing/changes/change_table.ts";
import { cutout } from "../../../lib/drawing/changes/cutout.ts";
import { fillings } from "../../../lib/drawing/changes/fillings.ts";
import { outline } from "../../../lib/drawing/changes/outline.ts";
import { recolour } from "../../../lib/drawing/changes/recolour.ts";
import { restyle } from "../../../lib/drawing/changes/restyle.ts";
import { warp } from "../../../lib/drawing/changes/warp.ts";
import { Random } from "../../../lib/tensor/random.ts";

const length = 3 * 64 * 64;
const grey = (value: number) => new Float32Array(length).fill(value);
const rms = (x: Float32Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);

/** The box of the pixels that fulfil a condition in every channel. */
function boxOf(canvas: Float32Array, holds: (value: number) => boolean) {
  const pixels = Array.from({ length: 4096 }, (_, i) => i)
    .filter((i) => [0, 1, 2].every((channel) => holds(canvas[channel * 4096 + i]!)));
  const [xs, ys] = [pixels.map((i) => i % 64), pixels.map((i) => Math.floor(i / 64))];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left + 1, Math.max(...ys) - top + 1];
  return { left, top, width, height, full: pixels.length === width * height };
}

Deno.test("border leaves the image whole in a square, half of the time where prompts have it", () => {
  const places = Array.from({ length: 200 }, (_, seed) => {
    const canvas = grey(0.4);
    border.change({ canvas, other: grey(3) }, new Random(seed));
    return boxOf(canvas, (value) => Math.abs(value - 0.4) < 1e-6);
  });
  for (const { width, height, full } of places) {
    assert(full && width === height && width >= 40 && width <= 60, `${width} by ${height}`);
  }
  const usual = places.filter(({ left, top, width }) => left === 8 && top === 8 && width === 48);
  assert(usual.length > 80 && usual.length < 130, `${usual.length} of 200`);
  assert(places.some(({ left, top }) => left !== top), "no image is off the middle");
});

Deno.test("cutout makes a square hole of 8 to 24 pixels, and changes nothing else", () => {
  const sides = Array.from({ length: 100 }, (_, seed) => {
    const canvas = grey(0.4);
    cutout.change({ canvas, other: grey(3) }, new Random(seed));
    const { width, height, full } = boxOf(canvas, (value) => value !== Math.fround(0.4));
    assert(full && width === height, `seed ${seed}: ${width} by ${height}`);
    return width;
  });
  assert(Math.min(...sides) >= 8 && Math.max(...sides) <= 24);
});

Deno.test("fillings are of the strengths that prompts have, and go beyond the range of pixels", () => {
  assertEquals(rms(fillings.black()), 0);
  for (const filling of [fillings.noise, fillings.pink]) {
    const spread = Array.from({ length: 60 }, (_, seed) => {
      const values = filling(new Random(seed));
      const mean = values.reduce((sum, v) => sum + v, 0) / length;
      return rms(values.map((v) => v - mean));
    });
    assert(Math.min(...spread) > 0.015 && Math.max(...spread) < 1, `${spread}`);
    assert(Math.max(...spread) > 0.4 && Math.min(...spread) < 0.1);
  }
  const colours = Array.from({ length: 40 }, (_, seed) => fillings.colour(new Random(seed)));
  assert(colours.every((values) => values[0] === values[4095] && values[0] !== values[4096]));
  assert(colours.some((values) => values[0]! > 1) && colours.some((values) => values[0]! < 0));
  const doubled = fillings.image(new Random(1), grey(0.4))[0]!;
  assert(doubled >= 0.2 && doubled <= 0.8);
});

Deno.test("pink noise is alike over larger and larger blocks, white noise is not", () => {
  const share = (values: Float32Array) => {
    const mean = values.reduce((sum, x) => sum + x, 0) / length;
    const centred = values.map((v) => v - mean);
    const blocks = Float32Array.from({ length: 3 * 64 }, (_, i) => {
      const [x, y, channel] = [i % 8 * 8, Math.floor(i / 8) % 8 * 8, Math.floor(i / 64)];
      let sum = 0;
      for (let k = 0; k < 64; k++) {
        sum += centred[(channel * 64 + y + Math.floor(k / 8)) * 64 + x + k % 8]!;
      }
      return sum / 64;
    });
    return rms(blocks) ** 2 / rms(centred) ** 2;
  };
  // Three of six octaves are coarser than a block of 8 pixels; of white noise 1/64 is left.
  assert(share(fillings.pink(new Random(2))) > 0.3);
  assert(share(fillings.noise(new Random(2))) < 0.03);
});

Deno.test("recolour keeps what is where: a grey image is of one colour after it", () => {
  const canvas = grey(0.5);
  recolour.change({ canvas, other: grey(0) }, new Random(4));
  for (const channel of [0, 1, 2]) {
    const plane = canvas.subarray(channel * 4096, (channel + 1) * 4096);
    assert(plane.every((value) => value === plane[0]));
    assert(plane[0]! >= 0.1 && plane[0]! <= 0.9);
  }
});

Deno.test("restyle leaves grey grey, and spreads one pixel over its neighbours", () => {
  const canvas = grey(0.5);
  restyle.change({ canvas, other: grey(0) }, new Random(4));
  assertEquals(canvas, grey(0.5));
  canvas[32 * 64 + 32] = 1;
  restyle.change({ canvas, other: grey(0) }, new Random(4));
  const { left, top, width, height } = boxOf(canvas, (value) => value !== 0.5);
  assertEquals({ left, top, width, height }, { left: 31, top: 31, width: 3, height: 3 });
});

Deno.test("outline leaves an even image as it is, and draws a line where areas meet", () => {
  const canvas = grey(0.5);
  outline.change({ canvas, other: grey(0) }, new Random(4));
  assert(canvas.every((value) => Math.abs(value - 0.5) < 1e-6));
  for (let i = 0; i < length; i++) canvas[i] = i % 64 < 32 ? 0.2 : 0.9;
  outline.change({ canvas, other: grey(0) }, new Random(4));
  const row = canvas.subarray(30 * 64, 31 * 64);
  assert(row[10]! < row[50]! && row[10] === row[20] && row[50] === row[40]);
  assert(row[31]! < row[30]! && row[32]! < row[33]!, "no line between the areas");
  assert(row[31]! < 0.5 * row[20]! && row[32]! < 0.5 * row[50]!);
});

Deno.test("warp moves a dot a little, leaves an even image as it is and adds no value", () => {
  const even = grey(0.4);
  warp.change({ canvas: even, other: grey(0) }, new Random(4));
  assert(even.every((value) => Math.abs(value - 0.4) < 1e-6));
  const centres = Array.from({ length: 60 }, (_, seed) => {
    const canvas = grey(0.4);
    for (const channel of [0, 1, 2]) {
      for (let i = 0; i < 64; i++) {
        canvas[channel * 4096 + (28 + Math.floor(i / 8)) * 64 + 28 + i % 8] = 0.9;
      }
    }
    warp.change({ canvas, other: grey(0) }, new Random(seed));
    assert(canvas.every((value) => value > 0.399 && value < 0.901));
    const { left, top, width, height } = boxOf(canvas, (value) => value > 0.65);
    return [left + width / 2 - 32, top + height / 2 - 32];
  });
  const distances = centres.map(([x, y]) => Math.hypot(x!, y!));
  assert(Math.max(...distances) > 2 && Math.max(...distances) < 12, `${distances}`);
});

Deno.test("changeImage() makes the named changes to their shares of the images", () => {
  for (const [name, { share, recolours }] of Object.entries(changes)) {
    const made = Array.from({ length: 300 }, (_, seed) => {
      const canvas = grey(0.4);
      canvas[0] = 0.9;
      const image = { canvas, other: grey(0.7), isShrunk: false };
      const before = canvas.slice();
      const { recoloured } = changeImage([name as "border"], image, new Random(seed));
      const changed = canvas.some((value, i) => value !== before[i]);
      assertEquals(recoloured, recolours && changed, name);
      return changed;
    });
    const found = made.filter(Boolean).length / made.length;
    assert(Math.abs(found - share) < 0.09, `${name}: ${found}, expected ${share}`);
  }
});

Deno.test("changeImage() neither bends an image that is shrunk already nor puts a border around it", () => {
  const before = grey(0.4).map((value, i) => value + i % 64 / 200);
  for (let seed = 0; seed < 20; seed++) {
    const canvas = before.slice();
    const image = { canvas, other: grey(1), isShrunk: true };
    changeImage(["border", "warp"], image, new Random(seed));
    assertEquals(canvas, before);
  }
});
