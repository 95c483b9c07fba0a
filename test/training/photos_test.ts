import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { photosOf } from "../../lib/training/photos.ts";

const side = 20;
const images = new Uint8Array(2 * 3 * side * side).fill(200);
for (let i = 0; i < 3 * side * side; i++) images[i] = (i % side) * 10;
const pictures = { images, height: side, width: side };
const options = { canvas: side, picture: side, augment: "none" } as const;
const pick = { row: 0, flip: false };

Deno.test("photosOf() mirrors left to right", () => {
  const { data } = photosOf(pictures, [pick, { ...pick, flip: true }], options);
  const size = 3 * side * side;
  for (let x = 0; x < side; x++) assertEquals(data[size + x], data[side - 1 - x]);
});

Deno.test("input diversity shrinks by at most a tenth and pads with zeros", () => {
  const seen = Array.from({ length: 30 }, (_, i) => {
    const picks = [{ row: 1, flip: false, draw: `draw ${i}` }];
    const { data } = photosOf(pictures, picks, { ...options, augment: "input-diversity" });
    return data.filter((x) => x > 0).length / 3;
  });
  assert(seen.every((count) => count >= (0.9 * side) ** 2 && count <= side ** 2), String(seen));
  const whole = seen.filter((count) => count === side ** 2).length;
  assert(whole > 5 && whole < 28, String(whole));
});

Deno.test("photosOf() augments by the picture's own draw", () => {
  const draw = (text: string) =>
    photosOf(pictures, [{ ...pick, draw: text }], { ...options, augment: "trivial-augment" }).data;
  assertEquals(draw("augment 0 0 0"), draw("augment 0 0 0"));
  assertNotEquals(draw("augment 0 0 0"), draw("augment 0 0 7"));
});
