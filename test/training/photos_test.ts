import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { photosOf } from "../../lib/training/photos.ts";
import { picturesIn } from "../../lib/vision/pictures.ts";

const side = 20;
const images = new Uint8Array(2 * 3 * side * side).fill(200);
for (let i = 0; i < 3 * side * side; i++) images[i] = (i % side) * 10;
const pictures = picturesIn(images, { height: side, width: side });
const options = { canvas: side, picture: side, augment: "none" } as const;
const pick = { row: 0, flip: false };

Deno.test("photosOf() mirrors left to right", async () => {
  const { data } = await photosOf(pictures, [pick, { ...pick, flip: true }], options);
  const size = 3 * side * side;
  for (let x = 0; x < side; x++) assertEquals(data[size + x], data[side - 1 - x]);
});

Deno.test("input diversity shrinks by at most a tenth and pads with zeros", async () => {
  const seen = await Promise.all(Array.from({ length: 30 }, async (_, i) => {
    const picks = [{ row: 1, flip: false, draw: `draw ${i}` }];
    const { data } = await photosOf(pictures, picks, { ...options, augment: "input-diversity" });
    return data.filter((x) => x > 0).length / 3;
  }));
  assert(seen.every((count) => count >= (0.9 * side) ** 2 && count <= side ** 2), String(seen));
  const whole = seen.filter((count) => count === side ** 2).length;
  assert(whole > 5 && whole < 28, String(whole));
});

Deno.test("photosOf() augments by the picture's own draw", async () => {
  const draw = async (text: string) => {
    const picks = [{ ...pick, draw: text }];
    return (await photosOf(pictures, picks, { ...options, augment: "trivial-augment" })).data;
  };
  assertEquals(await draw("augment 0 0 0"), await draw("augment 0 0 0"));
  assertNotEquals(await draw("augment 0 0 0"), await draw("augment 0 0 7"));
});
