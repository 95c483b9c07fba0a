import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { openSession } from "../../../lib/runtime/session.ts";
import { Random } from "../../../lib/tensor/random.ts";
import { type Tensor, tensor } from "../../../lib/tensor/tensor.ts";
import { cosineMatrix } from "../../../lib/training/views/spectrum.ts";
import {
  buildViews,
  viewFeeds,
  type ViewName,
  views,
} from "../../../lib/training/views/view_table.ts";

const [batch, canvas] = [3, 8];
const length = batch * 3 * canvas ** 2;
const dims = [batch, 3, canvas, canvas];
const random = new Random(1);
const pixels = tensor("float32", dims, Float32Array.from({ length }, () => random.uniform()));
const clean = tensor("float32", dims, Float32Array.from({ length }, () => random.uniform()));

/** What is seen of the images, and the gradient of its sum with respect to them. */
async function see(names: readonly ViewName[], drawn: Record<string, Tensor>) {
  const b = new GraphBuilder({ opset: 18 });
  const seen = buildViews(b, names, {
    pixels: b.input("pixels", "float32", dims),
    clean: b.input("clean", "float32", dims),
  }, { batch, canvas });
  b.output(b.op("Identity", [seen]), "seen");
  b.output(b.op("ReduceSum", [seen], { keepdims: 0 }), "sum");
  const model = addGradients(b.finish(), { of: "sum", wrt: ["pixels"] });
  await using session = await openSession(model, { provider: "cpu", threads: 1 });
  const asked = session.inputs.map(({ name }) => name);
  const feeds = Object.entries({ pixels, clean, ...drawn }).filter(([name]) =>
    asked.includes(name)
  );
  const outputs = await session.run(Object.fromEntries(feeds));
  const data = (name: string) => outputs[name]!.data as Float32Array;
  return { seen: data("seen"), gradient: data("grad.pixels") };
}

const drawnAt = (name: ViewName, copy = 0, step = 0) =>
  viewFeeds([name], { seed: 7, step, copy, batch, canvas });

const close = (actual: Float32Array, expected: Float32Array) =>
  actual.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-5));

for (const name of Object.keys(views) as ViewName[]) {
  Deno.test(`view ${name} has a gradient and draws by seed, step and copy alone`, async () => {
    const { seen, gradient } = await see([name], drawnAt(name));
    assertEquals(seen.length, length);
    assert(gradient.some((value) => value !== 0));
    assertEquals(drawnAt(name), drawnAt(name));
    const differs = Array.from({ length: 20 }, (_, i) => JSON.stringify(values(drawnAt(name, i))));
    assert(new Set(differs).size > 1, "copies are all alike");
  });
}

const values = (drawn: Record<string, Tensor>) =>
  Object.values(drawn).map(({ data }) => [...data].map(Number));

/** A view as its inputs were drawn for it. */
const input = (view: ViewName, name: string, value: Tensor) => ({
  [`view.${view}.${name}`]: value,
});

const identity = tensor(
  "float32",
  [8, 8],
  Float32Array.from({ length: 64 }, (_, i) => i % 9 ? 0 : 1),
);

Deno.test("shift moves an image and lets zeros in", async () => {
  const down = tensor(
    "float32",
    [8, 8],
    Float32Array.from({ length: 64 }, (_, i) => Math.floor(i / 8) === i % 8 + 1 ? 1 : 0),
  );
  const drawn = { ...input("shift", "rows", down), ...input("shift", "columns", identity) };
  const { seen } = await see(["shift"], drawn);
  const expected = pixels.data.map((_, i) => i % 64 < 8 ? 0 : pixels.data[i - 8]!);
  close(seen, expected);
});

Deno.test("shift draws whole pixels of at most two on 64, no shift most often", () => {
  const by = Array.from({ length: 2000 }, (_, step) => {
    const drawn = viewFeeds(["shift"], { seed: 1, step, copy: 0, batch, canvas: 64 });
    const matrix = drawn["view.shift.rows"]!.data as Float32Array;
    return matrix.indexOf(1) % 64 - Math.floor(matrix.indexOf(1) / 64);
  });
  assertEquals([...new Set(by)].sort((a, b) => a - b), [-2, -1, 0, 1, 2]);
  // exp(−(3·1/2)²/2) = 0.325, exp(−(3·2/2)²/2) = 0.011: 0 in 1/(1 + 2·0.325 + 2·0.011) = 0.60.
  const still = by.filter((shift) => shift === 0).length / by.length;
  assert(Math.abs(still - 0.6) < 0.05, `${still}`);
});

Deno.test("resize leaves the image or shows all of it smaller", async () => {
  const whole = { ...input("resize", "rows", identity), ...input("resize", "columns", identity) };
  close((await see(["resize"], whole)).seen, pixels.data);
  const sides = Array.from({ length: 200 }, (_, step) => {
    const drawn = viewFeeds(["resize"], { seed: 1, step, copy: 0, batch, canvas: 64 });
    const matrix = drawn["view.resize.rows"]!.data as Float32Array;
    const rows = Array.from({ length: 64 }, (_, row) => matrix.subarray(row * 64, row * 64 + 64));
    const shown = rows.filter((row) => row.some((weight) => weight !== 0));
    shown.forEach((row) => assertAlmostEquals(row.reduce((sum, w) => sum + w, 0), 1, 1e-5));
    return shown.length;
  });
  assertEquals([Math.min(...sides), Math.max(...sides)], [57, 64]);
  const kept = sides.filter((side) => side === 64).length / sides.length;
  assert(kept > 0.45 && kept < 0.68, `${kept} are whole, expected ½ + 1/16`);
});

Deno.test("scale halves with every copy", async () => {
  const { seen, gradient } = await see(["scale"], drawnAt("scale", 2));
  close(seen, pixels.data.map((value) => value / 4));
  assert(gradient.every((value) => value === 0.25));
});

Deno.test("admix adds a fifth of another clean image, and no gradient goes there", async () => {
  const drawn = drawnAt("admix");
  const [others] = values(drawn) as [number[]];
  assert(others.every((other, i) => other !== i), `${others}`);
  const { seen, gradient } = await see(["admix"], drawn);
  const size = length / batch;
  const expected = pixels.data.map((value, i) =>
    value + 0.2 * clean.data[others[Math.floor(i / size)]! * size + i % size]!
  );
  close(seen, expected);
  assert(gradient.every((value) => value === 1));
});

Deno.test("spectrum is the identity without noise and with factors of 1, and scales the mean", async () => {
  const all = (value: number) => tensor("float32", dims, new Float32Array(length).fill(value));
  const plain = { ...input("spectrum", "noise", all(0)), ...input("spectrum", "factors", all(1)) };
  close((await see(["spectrum"], plain)).seen, pixels.data);
  // Only the constant frequency is doubled: the mean of each plane is added once more.
  const factors = new Float32Array(length).fill(1);
  for (let i = 0; i < length; i += 64) factors[i] = 2;
  const doubled = { ...plain, ...input("spectrum", "factors", tensor("float32", dims, factors)) };
  const means = Array.from(
    { length: batch * 3 },
    (_, plane) =>
      pixels.data.slice(plane * 64, plane * 64 + 64).reduce((sum, value) => sum + value / 64, 0),
  );
  close(
    (await see(["spectrum"], doubled)).seen,
    pixels.data.map((value, i) => value + means[Math.floor(i / 64)]!),
  );
});

Deno.test("cosineMatrix() is orthonormal, its second row falls", () => {
  const matrix = cosineMatrix(2);
  [Math.SQRT1_2, Math.SQRT1_2, Math.SQRT1_2, -Math.SQRT1_2]
    .forEach((value, i) => assertAlmostEquals(matrix[i]!, value, 1e-6));
});

Deno.test("block-shuffle shows pixels of the image at other places, and black corners", async () => {
  const plane = pixels.data.subarray(0, 64);
  const moved: number[] = [];
  for (let copy = 0; copy < 8; copy++) {
    const drawn = drawnAt("block-shuffle", copy);
    const [from, shown] = values(drawn) as [number[], number[]];
    const { seen } = await see(["block-shuffle"], drawn);
    from.forEach((source, i) => assertAlmostEquals(seen[i]!, shown[i]! * plane[source]!, 1e-6));
    assert(shown.filter((value) => value === 1).length > 40);
    moved.push(from.filter((source, i) => shown[i] === 1 && source !== i).length);
  }
  assert(moved.filter((count) => count > 32).length >= 3, `${moved} have moved`);
});

Deno.test("patch-out shows δ on two thirds of the patches, token-drop blackens a quarter", async () => {
  const out = drawnAt("patch-out");
  const mask = values(out)[0]!;
  assertEquals(mask.filter((value) => value === 1).length, 42);
  const { seen } = await see(["patch-out"], out);
  close(seen, pixels.data.map((value, i) => mask[i % 64] ? value : clean.data[i]!));
  const dropped = drawnAt("token-drop");
  const kept = values(dropped)[0]!;
  assertEquals(kept.filter((value) => value === 1).length, 48);
  const after = await see(["token-drop"], dropped);
  close(after.seen, pixels.data.map((value, i) => kept[i % 64]! * value));
});

Deno.test("views are seen one behind the other", async () => {
  const drawn = { ...drawnAt("admix"), ...drawnAt("scale", 1) };
  const { seen } = await see(["admix", "scale"], drawn);
  const mixed = await see(["admix"], drawnAt("admix"));
  close(seen, mixed.seen.map((value) => value / 2));
});
