import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  type ImageBatchOptions,
  keptBytes,
  openImageMaker,
} from "../../lib/training/training_images.ts";
import { ImageBatches } from "../../lib/training/image_batches.ts";
import type { PickedRow } from "../../lib/training/batches.ts";
import { type Images, imagesIn } from "../../lib/vision/images.ts";

const side = 20;
const pixels = new Uint8Array(2 * 3 * side * side).fill(200);
for (let i = 0; i < 3 * side * side; i++) pixels[i] = (i % side) * 10;
const images = imagesIn(pixels, { height: side, width: side });
const options = { canvas: side, image: side, augment: "none" } as const;
const pick = { row: 0, flip: false };
const batchOf = (picks: readonly PickedRow[], given: Partial<ImageBatchOptions> = {}) =>
  new ImageBatches(images, { ...options, ...given }).of(picks);

Deno.test("training images mirrors left to right", async () => {
  const { data } = await batchOf([pick, { ...pick, flip: true }]);
  const size = 3 * side * side;
  for (let x = 0; x < side; x++) assertEquals(data[size + x], data[side - 1 - x]);
});

Deno.test("input diversity shrinks by at most a tenth and pads with zeros", async () => {
  const seen = await Promise.all(Array.from({ length: 30 }, async (_, i) => {
    const picks = [{ row: 1, flip: false, draw: `draw ${i}` }];
    const { data } = await batchOf(picks, { augment: "input-diversity" });
    return data.filter((x) => x > 0).length / 3;
  }));
  assert(seen.every((count) => count >= (0.9 * side) ** 2 && count <= side ** 2), String(seen));
  const whole = seen.filter((count) => count === side ** 2).length;
  assert(whole > 5 && whole < 28, String(whole));
});

Deno.test("training images augments by the image's own draw", async () => {
  const draw = async (text: string) => {
    const picks = [{ ...pick, draw: text }];
    return (await batchOf(picks, { augment: "trivial-augment" })).data;
  };
  assertEquals(await draw("augment 0 0 0"), await draw("augment 0 0 0"));
  assertNotEquals(await draw("augment 0 0 0"), await draw("augment 0 0 7"));
});

/** Images that count how often they are read. */
function counted(): { readonly read: () => number; readonly images: Images } {
  let reads = 0;
  const read = (row: number) => {
    reads++;
    return images.read(row);
  };
  return { read: () => reads, images: { ...images, read } };
}

const roomRows: readonly [name: string, room: number, draw: boolean, reads: number][] = [
  ["keep what there is room for", 2 * 4 * 3 * 12 * 12, false, 3],
  ["read again what there is no room for", 4 * 3 * 12 * 12, false, 4],
  ["keep none that is drawn anew", 2 ** 20, true, 6],
];

for (const [name, room, draws, reads] of roomRows) {
  Deno.test(`training images ${name}`, async () => {
    const { read, images } = counted();
    const augment = draws ? "input-diversity" : "flip-crop";
    const make = openImageMaker(images, { canvas: 16, image: 12, augment }, room / keptBytes);
    const draw = draws ? { draw: "once" } : {};
    const picks = [{ row: 0, flip: false, ...draw }, { row: 1, flip: true, ...draw }];
    const first = [await make(picks[0]!), await make(picks[1]!)];
    assertEquals([await make(picks[0]!), await make(picks[1]!)], first);
    assertNotEquals(await make({ row: 0, flip: true, ...draw }), first[0]);
    if (draws) await make(picks[0]!);
    assertEquals(read(), reads);
  });
}

/** An image of 12 by 8 pixels whose columns differ. */
const wide = { height: 8, width: 12, data: new Uint8Array(3 * 96).map((_, i) => 20 * (i % 12)) };

for (const [crop, first] of [[undefined, 2], [0, 0], [0.5, 2], [0.999, 4]] as const) {
  Deno.test(`training images cut the square of fit: crop at ${crop ?? "the middle"}`, async () => {
    const read = () => Promise.resolve(wide);
    const batches = new ImageBatches({ side: 8, fit: "crop", read }, {
      ...options,
      canvas: 8,
      image: 8,
    });
    const { data } = await batches.of([{ ...pick, ...(crop === undefined ? {} : { crop }) }]);
    assertEquals(Math.round(255 * data[0]!), 20 * first);
  });
}
