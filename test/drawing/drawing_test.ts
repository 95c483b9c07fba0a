import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  addNoise,
  canvasLength,
  canvasSize,
  contrastingColours,
  inkSprite,
  jitterColour,
  paintGround,
  paintSprite,
  type Pose,
  randomPose,
  spriteOf,
  toBytes,
} from "../../lib/drawing/drawing.ts";
import { Random } from "../../lib/tensor/random.ts";

const plane = canvasSize ** 2;
const upright: Pose = { edge: 64, x: 32, y: 32, angle: 0, mirror: false };

/** A drawing whose red tells the column and green the row, opaque but for its right half. */
function gradient(alpha = 255): Uint8Array {
  const pixels = new Uint8Array(plane * 4);
  for (let i = 0; i < plane; i++) {
    const x = i % 64, y = i >> 6;
    pixels.set([x * 4, y * 4, 100, x < 32 ? 255 : alpha], i * 4);
  }
  return pixels;
}

function painted(pose: Pose, pixels = gradient(), ground = 0): Float32Array {
  const canvas = new Float32Array(canvasLength).fill(ground);
  paintSprite(canvas, spriteOf(pixels, 64), pose);
  return canvas;
}

Deno.test("paintSprite() copies a sprite that fills the canvas upright", () => {
  const canvas = painted(upright);
  for (const [x, y] of [[0, 0], [63, 63], [5, 40]] as const) {
    assertAlmostEquals(canvas[y * 64 + x]!, x * 4 / 255, 1e-6);
    assertAlmostEquals(canvas[plane + y * 64 + x]!, y * 4 / 255, 1e-6);
  }
});

Deno.test("paintSprite() mirrors, turns, moves and scales", () => {
  const at = (pose: Partial<Pose>, x: number, y: number) => {
    const canvas = painted({ ...upright, ...pose });
    return [canvas[y * 64 + x]! * 255 / 4, canvas[plane + y * 64 + x]! * 255 / 4];
  };
  const cases: [string, Partial<Pose>, [number, number], [number, number]][] = [
    ["mirrored", { mirror: true }, [3, 10], [60, 10]],
    ["a quarter turn clockwise", { angle: Math.PI / 2 }, [63 - 10, 3], [3, 10]],
    ["moved", { x: 42, y: 22 }, [20, 30], [10, 40]],
    ["half the size", { edge: 32 }, [20, 30], [8.5, 28.5]],
    ["twice the size", { edge: 128 }, [32, 32], [31.75, 31.75]],
  ];
  for (const [name, pose, [x, y], expected] of cases) {
    at(pose, x, y).forEach((value, axis) => {
      assertAlmostEquals(value, expected[axis]!, 1e-4, `${name}, axis ${axis}`);
    });
  }
});

Deno.test("paintSprite() blends by alpha and leaves the canvas around the sprite", () => {
  const canvas = painted(upright, gradient(51), 0.5);
  const x = 40, y = 10;
  assertAlmostEquals(canvas[y * 64 + x]!, 0.5 * 0.8 + 0.2 * x * 4 / 255, 1e-6);
  const small = painted({ ...upright, edge: 20 }, gradient(), 0.5);
  assertEquals(small[0], 0.5);
  assertEquals(small[21 * 64 + 20], 0.5);
  assert(small[32 * 64 + 32] !== 0.5);
});

Deno.test("paintSprite() keeps the mean of a drawing at every size and turn", () => {
  const white = new Uint8Array(plane * 4).fill(255);
  for (const edge of [10, 19, 30, 40, 48]) {
    for (const angle of [0, 0.3]) {
      const canvas = painted({ ...upright, edge, angle }, white);
      const sum = canvas.subarray(0, plane).reduce((total, value) => total + value, 0);
      assertAlmostEquals(sum / edge ** 2, 1, 0.06, `edge ${edge}, angle ${angle}`);
    }
  }
});

Deno.test("randomPose() keeps to its range and region", () => {
  const random = new Random(5);
  const range = { scale: [0.5, 0.8], degrees: 25, shift: 1, mirror: true } as const;
  const region = { x: 32, y: 0, edge: 32 };
  const poses = Array.from({ length: 500 }, () => randomPose(random, range, region));
  for (const { edge, x, y, angle } of poses) {
    assert(edge >= 16 && edge <= 25.6);
    assert(Math.abs(angle) <= 25 * Math.PI / 180);
    assert(x - edge / 2 >= 32 - 1e-9 && x + edge / 2 <= 64 + 1e-9);
    assert(y - edge / 2 >= -1e-9 && y + edge / 2 <= 32 + 1e-9);
  }
  const mirrored = poses.filter((pose) => pose.mirror).length;
  assert(mirrored > 200 && mirrored < 300);
});

Deno.test("jitterColour() never exceeds alpha and changes each channel by one factor", () => {
  const sprite = spriteOf(gradient(100), 64);
  const before = sprite.rgba.slice();
  jitterColour(sprite, new Random(1));
  let changed = 0;
  for (let i = 0; i < before.length; i += 4) {
    for (let channel = 0; channel < 3; channel++) {
      assert(sprite.rgba[i + channel]! <= sprite.rgba[i + 3]!);
      if (sprite.rgba[i + channel] !== before[i + channel]) changed++;
    }
    assertEquals(sprite.rgba[i + 3], before[i + 3]);
  }
  assert(changed > 1000);
});

Deno.test("paintGround() has the colour where there is no clutter, and blobs where there is", () => {
  const canvas = new Float32Array(canvasLength);
  paintGround(canvas, new Random(1), { colour: [0.1, 0.2, 0.3], clutter: 0 });
  assertAlmostEquals(canvas[plane + 17]!, 0.2, 1e-6);
  paintGround(canvas, new Random(1), { colour: [0.1, 0.2, 0.3], clutter: 0.5 });
  assert(Math.max(...canvas) - Math.min(...canvas) > 0.2);
  const steps = Array.from({ length: 63 }, (_, x) => Math.abs(canvas[x + 1]! - canvas[x]!));
  assert(Math.max(...steps) < 0.2, "blobs are smooth");
});

Deno.test("addNoise() clamps to 0 to 1", () => {
  const canvas = new Float32Array(canvasLength).map((_, i) => i % 2);
  addNoise(canvas, new Random(1), 1);
  assert(canvas.every((value) => value >= 0 && value <= 1));
  assert(canvas.some((value) => value > 0 && value < 1));
});

Deno.test("contrastingColours() differ and stay in range", () => {
  const random = new Random(9);
  for (let i = 0; i < 1000; i++) {
    const { paper, ink } = contrastingColours(random);
    const distance = ink.reduce((sum, value, k) => sum + Math.abs(value - paper[k]!), 0) / 3;
    assert(distance >= 0.35, `${paper} ${ink}`);
    assert([...paper, ...ink].every((value) => value >= 0 && value <= 1));
  }
});

Deno.test("inkSprite() paints the mask in its colour", () => {
  const sprite = inkSprite(Uint8Array.of(0, 255, 51, 0), 2, [1, 0.5, 0]);
  const inner = (x: number, y: number) => {
    const at = ((y + 1) * 4 + x + 1) * 4;
    return [...sprite.rgba.subarray(at, at + 4)].map((value) => Math.round(value * 100) / 100);
  };
  assertEquals([inner(0, 0), inner(1, 0), inner(0, 1)], [[0, 0, 0, 0], [1, 0.5, 0, 1], [
    0.2,
    0.1,
    0,
    0.2,
  ]]);
});

Deno.test("toBytes() rounds", () => {
  const bytes = new Uint8Array(3);
  toBytes(Float32Array.of(0, 0.5, 1), bytes);
  assertEquals([...bytes], [0, 128, 255]);
});
