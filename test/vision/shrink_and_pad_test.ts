import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { resizePlanes } from "../../lib/vision/resize.ts";
import { shrinkAndPad } from "../../lib/vision/shrink_and_pad.ts";

Deno.test("shrinkAndPad() puts the resized image amid zeros", () => {
  const images = Float32Array.from({ length: 2 * 3 * 64 }, (_, i) => 0.3 + (i % 7) / 20);
  const out = shrinkAndPad(images, { from: 8, image: 6, canvas: 11 });
  assertEquals(out.length, 2 * 3 * 121);
  const small = resizePlanes(images, {
    from: { height: 8, width: 8 },
    to: { height: 6, width: 6 },
  });
  out.forEach((value, i) => {
    const x = i % 11 - 2, y = Math.floor(i / 11) % 11 - 2, plane = Math.floor(i / 121);
    const inside = x >= 0 && y >= 0 && x < 6 && y < 6;
    assertAlmostEquals(value, inside ? small[(plane * 6 + y) * 6 + x]! : 0, 1e-6);
  });
});

Deno.test("shrinkAndPad() clamps what bicubic overshoots, and keeps an image of the same size", () => {
  const edge = Float32Array.from({ length: 3 * 64 }, (_, i) => i % 8 < 4 ? 0 : 1);
  const out = shrinkAndPad(edge, { from: 8, image: 7, canvas: 7 });
  assert(out.every((value) => value >= 0 && value <= 1));
  assertEquals(shrinkAndPad(edge, { from: 8, image: 8, canvas: 8 }), edge);
});

Deno.test("shrinkAndPad() rejects a canvas smaller than the image", () => {
  assertThrows(
    () => shrinkAndPad(new Float32Array(3), { from: 1, image: 5, canvas: 4 }),
    RangeError,
    "Cannot pad an image of 5 pixels to a canvas of 4",
  );
});
