import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  axisMatrix,
  axisWeights,
  type Resample,
  resampleNames,
  resizeBytes,
  resizePlanes,
} from "../../lib/vision/resize.ts";

interface Case {
  readonly filter: Resample;
  readonly from: [number, number];
  readonly to: [number, number];
  readonly bytes: number[];
  readonly floats: number[];
}

/** What Pillow makes of a size: the first digits of a SHA-256 of the bytes, and three of them. */
type Digest = readonly [
  filter: Resample,
  from: readonly [height: number, width: number],
  to: readonly [height: number, width: number],
  sha256: string,
  some: readonly number[],
];

const reference = new URL("pillow/reference.json", import.meta.url);
const { cases, digests }: { cases: Case[]; digests: Digest[] } = JSON.parse(
  await Deno.readTextFile(reference),
);

/** The image of pillow/make_reference.py. */
function image(height: number, width: number): Uint8Array {
  return Uint8Array.from({ length: height * width }, (_, i) => {
    const x = i % width, y = Math.floor(i / width);
    return (x * x * 7 + y * 53 + x * y * 3) % 256;
  });
}

function sizes({ from, to, filter }: Case) {
  return {
    from: { height: from[0], width: from[1] },
    to: { height: to[0], width: to[1] },
    filter,
  };
}

Deno.test("resizeBytes() equals Pillow bit by bit", () => {
  assertEquals(cases.length, 72);
  for (const one of cases) {
    const actual = resizeBytes(image(...one.from), sizes(one));
    assertEquals([...actual], one.bytes, `${one.filter} ${one.from} to ${one.to}`);
  }
});

Deno.test("resizeBytes() equals Pillow bit by bit at many sizes, and resizePlanes() within 1/255", async () => {
  assertEquals(digests.length, 240);
  for (const [filter, [height, width], [low, narrow], sha256, some] of digests) {
    const options = { from: { height, width }, to: { height: low, width: narrow }, filter };
    const what = `${filter} ${width}×${height} to ${narrow}×${low}`;
    const bytes = resizeBytes(image(height, width), options);
    const places = [0, Math.floor(bytes.length / 2), bytes.length - 1];
    assertEquals(places.map((place) => bytes[place]), [...some], what);
    const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
    assertEquals(new Uint8Array(digest).toHex().slice(0, 16), sha256, what);
    // Pillow clips what these two overshoot after each axis, floats are not clipped.
    if (filter === "bicubic" || filter === "lanczos") continue;
    const planes = resizePlanes(image(height, width), options);
    const worst = planes.reduce((most, value, i) => {
      const clipped = 255 * Math.min(1, Math.max(0, value));
      return Math.max(most, Math.abs(clipped - bytes[i]!));
    }, 0);
    assert(worst <= 1.01, `${what}: off by ${worst} of 255`);
  }
});

Deno.test("resizePlanes() equals Pillow's resize of floats", () => {
  for (const one of cases) {
    const actual = resizePlanes(Float32Array.from(image(...one.from)), sizes(one));
    const worst = Math.max(...one.floats.map((value, i) => Math.abs(value - actual[i]!)));
    assert(worst < 1e-3, `${one.filter} ${one.from} to ${one.to}: off by ${worst}`);
  }
});

Deno.test("resizePlanes() resizes every plane by itself", () => {
  const from = { height: 6, width: 5 }, to = { height: 4, width: 7 };
  const planes = [1, 2, 3].map((k) => Float32Array.from(image(6, 5), (value) => value * k));
  const together = resizePlanes(Float32Array.from(planes.flatMap((plane) => [...plane])), {
    from,
    to,
  });
  const apart = planes.flatMap((plane) => [...resizePlanes(plane, { from, to })]);
  assertEquals([...together], apart);
});

Deno.test("axisWeights() keeps what is constant, in every filter and size", () => {
  const size = fc.integer({ min: 1, max: 90 });
  fc.assert(
    fc.property(size, size, fc.constantFrom(...resampleNames), (input, output, filter) => {
      const axis = axisWeights(input, output, filter);
      const matrix = axisMatrix(axis);
      for (let i = 0; i < output; i++) {
        const row = matrix.subarray(i * input, (i + 1) * input);
        const sum = row.reduce((total, weight) => total + weight, 0);
        assert(Math.abs(sum - 1) < 1e-5, `row ${i} sums to ${sum}`);
      }
    }),
    { seed: 1 },
  );
});

Deno.test("axisMatrix() times a column is the resized column", () => {
  const column = Float32Array.from(image(12, 1));
  const matrix = axisMatrix(axisWeights(12, 5));
  const product = Array.from(
    { length: 5 },
    (_, i) => column.reduce((sum, value, k) => sum + value * matrix[i * 12 + k]!, 0),
  );
  const resized = resizePlanes(column, {
    from: { height: 12, width: 1 },
    to: { height: 5, width: 1 },
  });
  product.forEach((value, i) => assert(Math.abs(value - resized[i]!) < 1e-3));
});

Deno.test("axisWeights() rejects sizes that are not sizes", () => {
  for (const [input, output] of [[0, 4], [4, 0], [4.5, 2], [-1, 2]] as const) {
    assertThrows(
      () => axisWeights(input, output),
      RangeError,
      `Cannot resize an axis of ${input} to ${output} pixels`,
    );
  }
});

/** From, to (height by width), and whether the height comes first: it does where it loses more than twice as much. */
const orders = [
  [[30, 8], [12, 11], true],
  [[30, 20], [9, 10], true],
  [[30, 20], [10, 10], false],
  [[30, 20], [31, 10], false],
] as const;

Deno.test("resizeBytes() takes the height first where it loses more than twice as much, as Pillow 13", () => {
  for (const [[height, width], [low, narrow], heightFirst] of orders) {
    const image = Uint8Array.from({ length: height * width }, (_, i) => (i * 97) % 256);
    const from = { height, width } as { height: number; width: number };
    const to = { height: low, width: narrow } as typeof from;
    const through = (between: typeof from) =>
      resizeBytes(resizeBytes(image, { from, to: between }), { from: between, to });
    const lowFirst = through({ height: low, width });
    const narrowFirst = through({ height, width: narrow });
    assertNotEquals(lowFirst, narrowFirst);
    assertEquals(resizeBytes(image, { from, to }), heightFirst ? lowFirst : narrowFirst);
  }
});
