import { assertAlmostEquals, assertEquals, assertStringIncludes, fail } from "@std/assert";
import { decodePrompt, encodePrompt, type PromptMeta } from "../../lib/artifacts/prompt.ts";
import { initialParameters, parameterPlaces } from "../../lib/prompts/prompt_parameters.ts";
import { parameterTensors } from "../../lib/tensor/flat_parameters.ts";
import { promptMask } from "../../lib/prompts/prompt_table.ts";
import { decodeNpy, encodeNpy } from "../../lib/tensor/npy.ts";
import { encodeNpz } from "../../lib/tensor/npz.ts";
import { tensor, zeros } from "../../lib/tensor/tensor.ts";
import { encodeTorchCheckpoint } from "../../lib/tensor/encode_torch_checkpoint.ts";
import { decodeImage } from "../../lib/vision/decode_image.ts";
import { encodePng } from "../../lib/vision/encode_png.ts";
import { inFolder, tvp } from "./workplace.ts";

const meta = {
  ...{ kind: "frame", canvas: 8, image: 4, sources: [], task: "t", method: "vp" } as const,
  ...{ loss: { lm: 1 }, optimizer: "normalized-gradient", lr: 1, steps: 1, batch: 1, seed: 0 },
};
/** A frame whose left half is brighter than any image, and whose right half is −0.5. */
const delta = promptMask("frame", meta).data
  .map((inside, i) => inside === 0 ? 0 : i % 8 < 4 ? 2 : -0.5);

const exportFormats = ["d.pth", "d.npz", "d.safetensors"];

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

Deno.test("tvp prompt import reads what export writes, bit by bit", () =>
  inFolder(async (folder) => {
    await writeFiles(folder);
    const bits = (x: { data: Float32Array }) => new Uint32Array(x.data.slice().buffer);
    for (const file of exportFormats) {
      const written = await tvp(folder, "prompt", "export", "p.safetensors", "-o", file);
      assertEquals(written.code, 0, written.err);
      const { code, out, err } = await tvp(
        folder,
        ...["prompt", "import", file, "-o", "again.safetensors", "--method", "mine", "--json"],
      );
      assertEquals(code, 0, err);
      const sizes = { method: "mine", kind: "frame", canvas: 8, image: 4 };
      assertEquals(JSON.parse(out), { output: "again.safetensors", ...sizes });
      const again = decodePrompt(await Deno.readFile(`${folder}/again.safetensors`));
      assertEquals(bits(again.delta), new Uint32Array(delta.slice().buffer), file);
      assertEquals(again.meta, { ...meta, method: "mine" }, file);
    }
    const own = ["prompt", "import", "d.safetensors", "-o", "again.safetensors", "--image", "6"];
    const { code, err } = await tvp(folder, ...own);
    assertEquals([code, err.split("\n")[0]], [
      2,
      'error: Cannot use --image with "d.safetensors": it is a prompt file of this program',
    ]);
  }));

Deno.test("tvp prompt export and import keep every kind", () =>
  inFolder(async (folder) => {
    const bar = delta.map((value, i) => i % 64 < 16 ? value : 0);
    const prompts: readonly [Float32Array, Partial<PromptMeta> & { readonly kind: string }][] = [
      [delta, { kind: "padding" }],
      [delta, { kind: "full" }],
      [bar, { kind: "top-bar", placement: "whole" }],
    ];
    for (const [values, kind] of prompts) {
      const prompt = { delta: tensor("float32", [3, 8, 8], values), meta: { ...meta, ...kind } };
      await Deno.writeFile(`${folder}/p.safetensors`, encodePrompt(prompt));
      for (const file of exportFormats) {
        await tvp(folder, "prompt", "export", "p.safetensors", "-o", file);
        const { err, out } = await tvp(folder, "prompt", "import", file, "-o", "again.safetensors");
        const around = kind.kind === "full" ? " around 4" : "";
        assertEquals(out, `again.safetensors: vp prompt, ${kind.kind} on 8 pixels${around}\n`);
        assertEquals(
          (await tvp(folder, "prompt", "show", "again.safetensors")).out.split("\n")[0],
          `vp prompt, ${kind.kind} on 8 pixels${around}`,
        );
        const again = await Deno.readFile(`${folder}/again.safetensors`);
        assertEquals(decodePrompt(again), prompt, `${kind.kind} in ${file}: ${err}`);
      }
    }
  }));

Deno.test("tvp prompt keeps the transformation of an affine-color prompt", () =>
  inFolder(async (folder) => {
    const sizes = { canvas: 8, image: 4 };
    const { delta: zero, ...transformation } = parameterTensors(
      parameterPlaces("affine-color", sizes),
      initialParameters("affine-color", sizes),
    );
    const prompt = {
      delta: zero!,
      transformation,
      meta: { ...meta, kind: "affine-color" },
    } as const;
    await Deno.writeFile(`${folder}/p.safetensors`, encodePrompt(prompt));
    const white = new Float32Array(3 * 8 * 8).fill(1);
    await Deno.writeFile(`${folder}/white.png`, await encodePng(white, { height: 8, width: 8 }));
    const run = (...args: string[]) => tvp(folder, "prompt", ...args);
    const { err } = await run("apply", "p.safetensors", "white.png", "-o", "out.png");
    const pixels = await pixelsOf(`${folder}/out.png`).catch(() => fail(err));
    assertEquals(pixels.filter((x) => x === 255).length, 3 * 16);
    for (const file of ["d.npz", "d.pth"]) {
      await run("export", "p.safetensors", "-o", file);
      const { out, err } = await run("import", file, "-o", "again.safetensors");
      assertEquals(out, "again.safetensors: vp prompt, affine-color on 8 pixels\n", err);
      const again = decodePrompt(await Deno.readFile(`${folder}/again.safetensors`));
      assertEquals(again.transformation, transformation);
    }
  }));

Deno.test("tvp prompt import takes a checkpoint of the official structure, show says what it is", () =>
  inFolder(async (folder) => {
    const mask = promptMask("frame", { canvas: 224, image: 164 });
    const data = mask.data.map((inside, i) => inside === 0 ? 0 : Math.cos(i));
    const perturbation = tensor("float32", [3, 224, 224], data);
    await Deno.writeFile(`${folder}/best.pth`, encodeTorchCheckpoint({ perturbation }));
    const run = (...args: string[]) => tvp(folder, "prompt", ...args);
    const imported = await run(
      "import",
      "best.pth",
      "-o",
      "p.safetensors",
      "--source",
      "MiniGPT-4",
    );
    assertEquals(
      imported.out,
      "p.safetensors: imported prompt, frame on 224 pixels around 164\n" +
        "the file does not say its kind: taken as frame; --kind padding if the image fills the canvas\n",
      imported.err,
    );
    const { delta } = decodePrompt(await Deno.readFile(`${folder}/p.safetensors`));
    assertEquals(delta.data, data);
    assertEquals((await run("show", "p.safetensors")).out.split("\n"), [
      "imported prompt, frame on 224 pixels around 164",
      "δ: 69840 of 150528 values, RMS 0.707, largest 1.00",
      "sources: MiniGPT-4",
      "",
    ]);
    const json = JSON.parse((await run("show", "p.safetensors", "--json")).out);
    assertEquals([json.kind, json.changed, json.seed], ["frame", 69840, null]);
  }));

Deno.test("tvp prompt says what it cannot use", () =>
  inFolder(async (folder) => {
    await writeFiles(folder);
    const golden = (name: string) => new URL(`../golden/torch/${name}`, import.meta.url);
    await Deno.copyFile(golden("runs.pkl"), `${folder}/runs.pth`);
    await Deno.writeFile(`${folder}/p.npy`, encodeNpy(tensor("float32", [3, 8, 8], delta)));
    await Deno.copyFile(`${folder}/p.safetensors`, `${folder}/d.safetensors`);
    const small = encodeNpy(tensor("float32", [2, 2], new Float32Array(4)));
    await Deno.writeFile(`${folder}/small.npy`, small);
    const damaged = { delta: zeros("float32", [3, 8, 8]), prompt_meta: zeros("uint8", [2]) };
    await Deno.writeFile(`${folder}/damaged.npz`, encodeNpz(damaged));
    await Deno.writeTextFile(`${folder}/page.pth`, "<!DOCTYPE html>");
    await Deno.writeTextFile(`${folder}/lfs.pth`, "version https://git-lfs.github.com/spec/v1\n");
    const cases: readonly [readonly string[], string][] = [
      [["import", "page.pth", "-o", "x.safetensors"], "it is a web page"],
      [["import", "damaged.npz", "-o", "x.safetensors"], "its metadata are not JSON"],
      [["import", "lfs.pth", "-o", "x.safetensors"], "it is a pointer of Git LFS; fetch the file"],
      [["eat", "p.safetensors"], 'Cannot run prompt "eat"'],
      [["apply", "p.safetensors", "-o", "x.png"], "expected prompt apply PROMPT IMAGE"],
      [["export", "p.safetensors"], '"-o FILE" is missing'],
      [["export", "p.safetensors", "-o", "p.gif"], "ends in .png, .npz, .safetensors, .pth"],
      [
        ["import", "grey.png", "-o", "x.safetensors"],
        "it is not a file of PyTorch (.pth), NumPy (.npz, .npy) or safetensors",
      ],
      [
        ["import", "runs.pth", "-o", "x.safetensors"],
        'it asks to run "posix.system"; nothing was run',
      ],
      [["import", "p.npy", "-o", "x.safetensors", "--image", "6"], "where it must be 0"],
      [["import", "small.npy", "-o", "x.safetensors"], 'found "delta" float32 [2, 2]'],
      [
        ["import", "p.npy", "-o", "x.safetensors", "--kind", "disc"],
        "expected frame, padding, patch, full",
      ],
      [["apply", "p.safetensors", "grey.png", "-o", "./grey.png"], 'it is the source "grey.png"'],
      [["import", "d.safetensors", "-o", "d.safetensors"], 'it is the source "d.safetensors"'],
      [["export", "grey.png", "-o", "x.png"], 'Cannot use prompt "grey.png"'],
      [["apply", "p.safetensors", "no.png", "-o", "x.png"], 'Cannot use image "no.png"'],
    ];
    const results = await Promise.all(cases.map(([args]) => tvp(folder, "prompt", ...args)));
    results.forEach(({ code, err }, i) => {
      assertEquals(code, 2, err);
      assertStringIncludes(err, cases[i]![1]);
    });
  }));
