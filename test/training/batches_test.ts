import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { augmentations, type AugmentName } from "../../lib/training/augment.ts";
import { batchOrder, stepsPerEpoch } from "../../lib/training/batches.ts";

const options = fc.record({
  rows: fc.integer({ min: 1, max: 60 }),
  batch: fc.integer({ min: 1, max: 20 }),
  seed: fc.integer({ min: 0, max: 5 }),
  augment: fc.constantFrom(...Object.keys(augmentations) as AugmentName[]),
});

Deno.test("batchOrder() shows no row twice in an epoch", () => {
  fc.assert(fc.property(options, (o) => {
    const batchOf = batchOrder(o);
    const rows = Array.from({ length: stepsPerEpoch(o) }, (_, step) => batchOf(step)).flat();
    assertEquals(new Set(rows.map((pick) => pick.row)).size, rows.length);
  }));
});

Deno.test("batchOrder() gives the same batch to a resumed training", () => {
  fc.assert(fc.property(options, fc.nat(40), (o, step) => {
    const straight = batchOrder(o);
    for (let s = 0; s < step; s++) straight(s);
    assertEquals(batchOrder(o)(step), straight(step));
  }));
});

Deno.test("batchOrder() shuffles anew in every epoch and for every seed", () => {
  const first = batchOrder({ rows: 40, batch: 40, seed: 0, augment: "none" });
  const other = batchOrder({ rows: 40, batch: 40, seed: 1, augment: "none" });
  assertNotEquals(first(0), other(0));
  assertNotEquals(first(0), first(1));
});

Deno.test("batchOrder() mirrors half of the images, and none whose answer a mirror changes", () => {
  for (const augment of ["flip-crop", "trivial-augment", "input-diversity"] as const) {
    const options = { rows: 200, batch: 200, seed: 0, augment };
    const mirrored = batchOrder(options)(0).filter(({ flip }) => flip).length;
    assert(mirrored > 70 && mirrored < 130, `${augment}: ${mirrored} of 200`);
    const kept = batchOrder({ ...options, mirrorKeepsAnswer: false })(0);
    assertEquals(kept.filter(({ flip }) => flip), [], augment);
  }
});

Deno.test("batchOrder() crops at random with flip-crop and fit: crop alone, and mirrors as without", () => {
  const options = { rows: 200, batch: 200, seed: 0, augment: "flip-crop" } as const;
  const whole = batchOrder({ ...options, fit: "resize" })(0);
  const cropped = batchOrder({ ...options, fit: "crop" })(0);
  assertEquals(cropped.map(({ crop: _, ...pick }) => pick), whole);
  const places = cropped.map(({ crop }) => crop!);
  assert(Math.min(...places) < 0.1 && Math.max(...places) > 0.9);
  const plain = batchOrder({ ...options, augment: "none", fit: "crop" })(0);
  assertEquals([...whole, ...plain].filter((pick) => "crop" in pick), []);
});

Deno.test("batchOrder() rejects an empty split", () => {
  assertThrows(
    () => batchOrder({ rows: 0, batch: 4, seed: 0, augment: "none" }),
    RangeError,
    "the training split has no rows",
  );
});
