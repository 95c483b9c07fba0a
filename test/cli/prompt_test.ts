import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { decodePrompt, encodePrompt } from "../../lib/prompts/prompt_file.ts";
import { promptMask } from "../../lib/prompts/prompt_table.ts";
import { decodeNpy } from "../../lib/tensor/npy.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { decodeImage } from "../../lib/vision/decode_image.ts";
import { encodePng } from "../../lib/vision/encode_png.ts";
import { inFolder, tvp } from "./workplace.ts";

const meta = {
  ...{ kind: "frame", canvas: 8, image: 4, sources: [], task: "t", method: "vp" } as const,
  ...{ loss: { lm: 1 }, optimizer: "reference", lr: 1, steps: 1, batch: 1, seed: 0 },
};
/** A frame whose left half is brighter than any picture, and whose right half is −0.5. */
const delta = promptMask("frame", meta).data
  .map((inside, i) => inside === 0 ? 0 : i % 8 < 4 ? 2 : -0.5);

async function writeFiles(folder: string): Promise<void> {
  const bytes = encodePrompt({ delta: tensor("float32", [3, 8, 8], delta), meta });
  await Deno.writeFile(`${folder}/p.safetensors`, bytes);
  const grey = new Float32Array(3 * 16 * 20).fill(0.4);
  await Deno.writeFile(`${folder}/grey.png`, await encodePng(grey, { height: 16, width: 20 }));
}

const pixelsOf = async (path: string) => (await decodeImage(await Deno.readFile(path))).data;

Deno.test("tvp prompt apply shrinks, pads, adds δ and clips", () =>
  inFolder(async (folder) => {
    await writeFiles(folder);
    const { code, out, err } = await tvp(
      folder,
      ...["prompt", "apply", "p.safetensors", "grey.png", "-o", "out.png"],
    );
    assertEquals(code, 0, err);
    assertStringIncludes(out, "20×16 pixels, its middle 16×16 are used");
    const pixels = await pixelsOf(`${folder}/out.png`);
    const expected = delta.map((d, i) =>
      d === 0 && i % 8 >= 2 && i % 8 < 6 ? 102 : d > 0 ? 255 : 0
    );
    assertEquals([...pixels], [...expected]);
  }));

Deno.test("tvp prompt export writes pixels, numpy arrays and tensors", () =>
  inFolder(async (folder) => {
    await writeFiles(folder);
    const run = (file: string) => tvp(folder, "prompt", "export", "p.safetensors", "-o", file);
    assertStringIncludes((await run("d.png")).out, "mid-grey is 0, black and white are ∓2.00");
    const pixels = await pixelsOf(`${folder}/d.png`);
    assertEquals([pixels[0], pixels[7], pixels[3 * 8 + 3]], [255, 96, 128]);
    assertEquals((await run("d.npz")).code, 0);
    const npz = await Deno.readFile(`${folder}/d.npz`);
    const name = new TextDecoder().decode(npz.subarray(30, 39));
    assertEquals(name, "delta.npy");
    const size = new DataView(npz.buffer).getUint32(18, true);
    assertEquals(decodeNpy(npz.slice(39, 39 + size)).data, delta);
    assertEquals((await run("d.safetensors")).code, 0);
    const again = decodePrompt(await Deno.readFile(`${folder}/d.safetensors`));
    assertAlmostEquals(again.delta.data[0]!, 2);
  }));

Deno.test("tvp prompt says what it cannot use", () =>
  inFolder(async (folder) => {
    await writeFiles(folder);
    const cases: readonly [readonly string[], string][] = [
      [["eat", "p.safetensors"], 'Cannot run prompt "eat": expected apply or export'],
      [["apply", "p.safetensors", "-o", "x.png"], "expected prompt apply PROMPT PICTURE"],
      [["export", "p.safetensors"], '"-o FILE" is missing'],
      [["export", "p.safetensors", "-o", "p.pth"], "ends in .png, .npz, .safetensors"],
      [["export", "grey.png", "-o", "x.png"], 'Cannot use prompt "grey.png"'],
      [["apply", "p.safetensors", "no.png", "-o", "x.png"], 'Cannot use picture "no.png"'],
    ];
    const results = await Promise.all(cases.map(([args]) => tvp(folder, "prompt", ...args)));
    results.forEach(({ code, err }, i) => {
      assertEquals(code, 2, err);
      assertStringIncludes(err, cases[i]![1]);
    });
  }));
