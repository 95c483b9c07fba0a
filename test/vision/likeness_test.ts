import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Random } from "../../lib/tensor/random.ts";
import { likeness, likePairs, lookOf, sameMotif } from "../../lib/vision/likeness.ts";
import { resizePlanes } from "../../lib/vision/resize.ts";

const size = { height: 32, width: 32 };

/** An image of random soft patches. */
function image(seed: string): Float32Array {
  const random = new Random(seed);
  const coarse = Float32Array.from({ length: 3 * 36 }, () => random.uniform());
  return resizePlanes(coarse, { from: { height: 6, width: 6 }, to: size });
}

const planes = (
  values: Float32Array,
  change: (channels: number[], x: number, y: number) => number[],
) => {
  const out = new Float32Array(values.length);
  for (let i = 0; i < 1024; i++) {
    const channels = change([0, 1, 2].map((c) => values[c * 1024 + i]!), i % 32, i >> 5);
    channels.forEach((value, c) => out[c * 1024 + i] = value);
  }
  return out;
};

Deno.test("likeness() is high for copies and low for other images", () => {
  fc.assert(
    fc.property(fc.string(), (seed) => {
      const original = image(seed);
      const look = lookOf(original, size);
      const noise = new Random(seed);
      const small = { height: 20, width: 24 };
      const copies = {
        same: look,
        resized: lookOf(resizePlanes(original, { from: size, to: small }), small),
        mirrored: lookOf(
          planes(
            original,
            (_, x, y) => [0, 1, 2].map((c) => original[c * 1024 + y * 32 + 31 - x]!),
          ),
          size,
        ),
        recoloured: lookOf(
          planes(original, ([r, g, b]) => [1 - b!, 0.3 * r! + 0.2, 0.7 * g!]),
          size,
        ),
        noisy: lookOf(original.map((value) => value + 0.05 * noise.normal()), size),
      };
      for (const [name, copy] of Object.entries(copies)) {
        assert(likeness(look, copy) >= 0.95, `${name}: ${likeness(look, copy)}`);
      }
      const other = lookOf(image(seed + " another"), size);
      assert(likeness(look, other) < 0.6, `other: ${likeness(look, other)}`);
      assertAlmostEquals(likeness(look, other), likeness(other, look), 1e-5);
    }),
    { seed: 1, numRuns: 50 },
  );
});

Deno.test("likePairs() finds each pair of a list once, and leaves plain images alone", () => {
  const plain = lookOf(new Float32Array(3 * 1024).fill(0.5), size);
  const [a, b] = [lookOf(image("a"), size), lookOf(image("b"), size)];
  const list = [a, plain, b, a, plain];
  const found = likePairs(list, list);
  assertEquals(found.map(({ a, b }) => [a, b]), [[3, 0]]);
  assert(found[0]!.likeness > sameMotif);
  assertEquals(likePairs([b], [a, b]).map(({ a, b }) => [a, b]), [[0, 1]]);
});

Deno.test("lookOf() refuses values that are not an image of the size", () => {
  assertThrows(
    () => lookOf(new Float32Array(100), size),
    RangeError,
    "Cannot compare an image of 32×32 pixels: got 100 values",
  );
});
