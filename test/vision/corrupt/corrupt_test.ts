import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Random } from "../../../lib/tensor/random.ts";
import {
  corruptImage,
  type CorruptionName,
  corruptions,
} from "../../../lib/vision/corrupt/corrupt.ts";
import corruptDataset from "../../../stages/corrupt_dataset.ts";

const side = 64;
const names = Object.keys(corruptions) as CorruptionName[];

/** Discs on a slope, from dark to medium. */
function image(seed: number): Uint8Array {
  const random = new Random(`discs ${seed}`);
  const discs = Array.from({ length: 6 }, () => ({
    x: random.integer(side),
    y: random.integer(side),
    r: 4 + random.integer(12),
    color: [random.integer(170), random.integer(170), random.integer(170)],
  }));
  return Uint8Array.from({ length: 3 * side * side }, (_, i) => {
    const [x, y, c] = [i % side, Math.floor(i / side) % side, Math.floor(i / (side * side))];
    const disc = discs.findLast((d) => (x - d.x) ** 2 + (y - d.y) ** 2 < d.r ** 2);
    return disc ? disc.color[c]! : 40 + x;
  });
}

const corrupt = (bytes: Uint8Array, kind: CorruptionName, severity: number, draw = "0 row") =>
  corruptImage(bytes, { kind, severity, size: { height: side, width: side }, draw });

function distance(a: Uint8Array, b: Uint8Array): number {
  return Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0) / a.length);
}

for (const kind of names) {
  Deno.test(`${kind} takes the image further away with every severity`, async () => {
    const means: number[] = [];
    for (let severity = 1; severity <= 5; severity++) {
      let sum = 0;
      for (let row = 0; row < 4; row++) {
        const clean = image(row);
        sum += distance(clean, await corrupt(clean, kind, severity, `0 ${row}`)) / 4;
      }
      means.push(sum);
    }
    assert(means[0]! > 1, `${kind} at severity 1 changes ${means[0]}`);
    assert(means.every((mean, i) => i === 0 || mean > means[i - 1]!), `${kind}: ${means}`);
    assert(means[4]! < 128, `${kind}: ${means}`);
  });
}

for (const size of [16, 24, 32, 40, 48, 96, 128, 224]) {
  Deno.test(`defocus-blur takes images of ${size} pixels further away with every severity`, async () => {
    const clean = Uint8Array.from({ length: 3 * size * size }, (_, i) => {
      const [x, y] = [i % size, Math.floor(i / size) % size];
      const check = Math.max(5, size / 8);
      return (Math.floor(x / check) + Math.floor(y / check)) % 2 * 200 + (i * 37 % 40);
    });
    let last = 0;
    for (let severity = 1; severity <= 5; severity++) {
      const options = { severity, size: { height: size, width: size }, draw: "0 row" };
      const far = distance(clean, await corruptImage(clean, { kind: "defocus-blur", ...options }));
      assert(far > last, `severity ${severity}: ${far}, before ${last}`);
      last = far;
    }
  });
}

const drawn = names.filter((name) =>
  !["defocus-blur", "zoom-blur", "brightness", "contrast", "pixelate", "jpeg-compression"]
    .includes(name)
);

Deno.test("corruptImage() draws by kind, seed and row alone", async () => {
  const clean = image(0);
  for (const kind of names) {
    assertEquals(await corrupt(clean, kind, 3), await corrupt(clean, kind, 3), kind);
    const other = await corrupt(clean, kind, 3, "1 row");
    if (drawn.includes(kind)) assertNotEquals(await corrupt(clean, kind, 3), other, kind);
    else assertEquals(await corrupt(clean, kind, 3), other, kind);
  }
});

Deno.test("corruptImage() leaves its input, and works on other sizes", async () => {
  const clean = image(1);
  const before = clean.slice();
  await corrupt(clean, "glass-blur", 5);
  assertEquals(clean, before);
  for (const small of [1, 9, 32]) {
    const bytes = new Uint8Array(3 * small * small).fill(90);
    for (const kind of names) {
      const out = await corruptImage(bytes, {
        kind,
        severity: 5,
        size: { height: small, width: small },
        draw: "0",
      });
      assertEquals(out.length, bytes.length, `${kind} at ${small}`);
    }
  }
});

Deno.test("black and white images stay in range", async () => {
  for (const value of [0, 255]) {
    const bytes = new Uint8Array(3 * side * side).fill(value);
    for (const kind of names) {
      const out = await corrupt(bytes, kind, 5);
      const mean = out.reduce((sum, x) => sum + x, 0) / out.length;
      assert(value === 0 ? mean < 200 : mean > 40, `${kind} of ${value}: ${mean}`);
    }
  }
});

Deno.test("noise has the strength that its level says", async () => {
  const grey = new Uint8Array(3 * side * side).fill(128);
  const rms = async (kind: CorruptionName) => distance(grey, await corrupt(grey, kind, 3)) / 255;
  const cases: readonly [CorruptionName, number][] = [
    ["gaussian-noise", 0.12],
    ["shot-noise", Math.sqrt(0.502 / 50)],
    ["impulse-noise", 0.5 * Math.sqrt(0.05)],
  ];
  for (const [kind, expected] of cases) {
    const found = await rms(kind);
    assert(Math.abs(found / expected - 1) < 0.05, `${kind}: ${found}, expected ${expected}`);
  }
});

Deno.test("corruptImage() says what it cannot do", async () => {
  const bytes = image(0);
  await assertRejects(
    () => corrupt(bytes, "fog", 6),
    RangeError,
    "severity is 6, expected 1 to 5",
  );
  await assertRejects(
    () =>
      corruptImage(bytes, {
        kind: "fog",
        severity: 1,
        size: { height: 63, width: 63 },
        draw: "",
      }),
    RangeError,
    "63×63 pixels: it has 12288 values",
  );
});

Deno.test("corrupt-dataset offers every corruption", () => {
  assertEquals([...corruptDataset.with.shape.kind.options], names);
});
