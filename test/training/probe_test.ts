import { assertAlmostEquals, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { baselineValues } from "../../lib/training/prompt_values.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { meanOverTokens, openProbe } from "../../lib/training/probe.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";
import { imagesIn } from "../../lib/vision/images.ts";

const rows = ["a cat", "a dog", "a bird"].map((answer) => ({ instruction: "what is it?", answer }));
const images = Uint8Array.from(
  { length: 3 * 3 * 16 * 16 },
  (_, i) => (i * 37 + 61 * Math.floor(i / 768)) % 256,
);
const data = { rows, images: imagesIn(images, { height: 16, width: 16 }) };
const { kind, canvas, image, values } = baselineValues({ canvas: 16, image: 12 }, "shrunk");
const session = { provider: "cpu", threads: 1 } as const;

Deno.test("openProbe() gives features row by row, and gradients that agree with differences", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tvp-probe-" });
  const path = await writeTinyModel(folder, "mini-instructblip");
  {
    const model = { name: "tiny", path };
    const options = { model, data, kind, canvas, image, batch: 2, session };
    await using probe = await openProbe({ ...options, gradients: true });
    const all = await probe.features([0, 2], values);
    const last = await probe.features([2, 3], values);
    assertEquals([all.dims[0], last.dims[0]], [2, 1]);
    const second = await probe.features([1, 3], values);
    const size = last.data.length;
    last.data.forEach((x, i) => assertAlmostEquals(x, second.data[size + i]!, 1e-5));
    assertNotEquals(all.data.slice(0, size), last.data);

    const { grad } = await probe.gradient(0, values);
    const direction = grad.map((g, i) => i % 7 === 0 ? Math.sign(g) : 0);
    const lossAt = async (h: number) =>
      (await probe.gradient(0, values.map((x, i) => x + h * direction[i]!))).loss;
    const difference = (await lossAt(0.01) - await lossAt(-0.01)) / 0.02;
    const expected = grad.reduce((sum, g, i) => sum + g * direction[i]!, 0);
    assertAlmostEquals(difference, expected, 0.05 * Math.abs(expected));

    await using blind = await openProbe({ ...options, gradients: false });
    await assertRejects(() => blind.gradient(0, values), TypeError, "opened without");
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("meanOverTokens() averages the middle axis", () => {
  const x = tensor("float32", [2, 2, 2], new Float32Array([1, 2, 3, 4, 5, 6, 7, 8]));
  assertEquals([...meanOverTokens(x)], [2, 3, 6, 7]);
});
