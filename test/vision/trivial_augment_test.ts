import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { Random } from "../../lib/tensor/random.ts";
import {
  applyTrivial,
  trivialAugment,
  trivialOperations,
} from "../../lib/vision/trivial_augment.ts";

const side = 64;
const random = new Random("picture");
const image = Float32Array.from(
  { length: 3 * side * side },
  () => (60 + random.integer(150)) / 255,
);
const run = (name: string, strength: number, sign: 1 | -1 = 1, subject = image) =>
  applyTrivial(name, { image: subject, side, strength, sign });

Deno.test("TrivialAugment has fourteen operations that stay in range", () => {
  assertEquals(trivialOperations.length, 14);
  for (const name of trivialOperations) {
    for (const sign of [1, -1] as const) {
      for (const strength of [0, 0.3, 1]) {
        const out = run(name, strength, sign);
        assertEquals(out.length, image.length);
        assert(out.every((x) => x >= 0 && x <= 1), `${name} ${strength}`);
      }
    }
  }
});

Deno.test("TrivialAugment works on large images: more pixels than a function takes arguments", () => {
  const size = 512;
  const large = Float32Array.from({ length: 3 * size * size }, (_, i) => (i % 200) / 255);
  for (const name of trivialOperations) {
    const out = applyTrivial(name, { image: large, side: size, strength: 0.5, sign: 1 });
    assertEquals(out.length, large.length, name);
  }
});

Deno.test("operations of strength 0 leave the image; auto-contrast and equalize have no strength", () => {
  for (const name of trivialOperations) {
    const out = run(name, 0);
    const change = out.reduce((most, x, i) => Math.max(most, Math.abs(x - image[i]!)), 0);
    if (name === "auto-contrast" || name === "equalize") assert(change > 0.1, name);
    else if (name === "solarize") assert(change < 1e-6, name);
    else assert(change < 1e-6, `${name} changed by ${change}`);
  }
});

Deno.test("operations do what they are called", () => {
  const mean = (x: Float32Array) => x.reduce((sum, v) => sum + v, 0) / x.length;
  assert(mean(run("brightness", 0.5)) > mean(image));
  assertAlmostEquals(mean(run("brightness", 1, -1)), 0.01 * mean(image), 1e-6);
  const spread = (x: Float32Array) => Math.max(...x) - Math.min(...x);
  assert(spread(run("contrast", 0.5, -1)) < spread(image));
  const grey = run("color", 1, -1);
  assert(Math.abs(grey[0]! - grey[side * side]!) < 0.02);
  const levels = new Set(run("posterize", 1).map((x) => Math.round(255 * x)));
  assert([...levels].every((level) => level % 64 === 0));
  assertEquals(run("solarize", 1), image.map((x) => 1 - x));
  const stretched = run("auto-contrast", 0);
  assertEquals([Math.min(...stretched), Math.max(...stretched)], [0, 1]);
  const quarters = [0, 1, 2, 3].map((q) =>
    run("equalize", 0).filter((x) => x >= q / 4 && x < (q + 1) / 4 + (q === 3 ? 1 : 0)).length
  );
  quarters.forEach((count) => assertAlmostEquals(count / image.length, 0.25, 0.06));
});

Deno.test("geometric operations move pixels by whole ones", () => {
  const dot = new Float32Array(3 * side * side);
  dot[32 * side + 32] = 1;
  const at = (x: Float32Array) => [Math.floor(x.indexOf(1) / side), x.indexOf(1) % side];
  // Strength 0.875 of 32/224 of 64 pixels is 8.
  assertEquals(at(run("translate-x", 0.875, 1, dot)), [32, 24]);
  assertEquals(at(run("translate-y", 0.875, -1, dot)), [40, 32]);
  assertNotEquals(run("rotate", 0.5, 1), run("rotate", 0.5, -1));
  assertNotEquals(run("shear-x", 0.5, 1), run("shear-y", 0.5, 1));
});

Deno.test("trivialAugment() depends on the draws alone", () => {
  const draw = (seed: number) => trivialAugment(image, side, new Random(seed));
  assertEquals(draw(1), draw(1));
  const different = new Set(Array.from({ length: 40 }, (_, seed) => String(draw(seed))));
  assert(different.size > 25, String(different.size));
});
