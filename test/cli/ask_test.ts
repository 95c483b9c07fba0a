import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { encodePrompt } from "../../lib/artifacts/prompt.ts";
import { promptMask } from "../../lib/prompts/prompt_table.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { encodePng } from "../../lib/vision/encode_png.ts";
import { writeTinyClip, writeTinyModel } from "../rigs/tiny_models.ts";
import { inFolder, tvp } from "./workplace.ts";

async function place(folder: string): Promise<void> {
  await Deno.rename(await writeTinyModel(folder, "mini-minigpt4"), join(folder, "model"));
  await Deno.rename(await writeTinyClip(folder), join(folder, "clip"));
  const grey = new Float32Array(3 * 16 * 20).fill(0.4);
  await Deno.writeFile(`${folder}/p.png`, await encodePng(grey, { height: 16, width: 20 }));
  const sizes = { canvas: 16, image: 8 };
  const meta = {
    ...{ kind: "frame", sources: [], task: "t", method: "vp", loss: {}, seed: 0 } as const,
    ...sizes,
  };
  const delta = tensor("float32", [3, 16, 16], promptMask("frame", sizes).data.map((m) => 3 * m));
  await Deno.writeFile(`${folder}/d.safetensors`, encodePrompt({ delta, meta }));
}

const choices = ["--choices", "cat, dog,a bird"];

Deno.test("tvp ask gives a free answer, and ranks choices with and without a prompt", () =>
  inFolder(async (folder) => {
    await place(folder);
    const ask = async (...args: string[]) => {
      const { code, out, err } = await tvp(
        folder,
        "ask",
        "./model",
        "p.png",
        "what is it?",
        ...args,
      );
      return { code, out, err };
    };
    const free = await ask("--max-tokens", "2", "--json");
    assertEquals([free.code, free.err], [0, ""]);
    const { model, question, answer } = JSON.parse(free.out);
    assertEquals([model, question, typeof answer], ["./model", "what is it?", "string"]);

    const lines = (await ask(...choices)).out.trimEnd().split("\n");
    assertEquals(lines.map((line) => line.slice(9)).sort(), ["a bird", "cat", "dog"]);
    const percents = lines.map((line) => Number(line.slice(0, 5)));
    assertEquals(percents, percents.toSorted((a, b) => b - a));
    assertEquals(Math.round(percents.reduce((sum, x) => sum + x)), 100);

    const plain = JSON.parse((await ask(...choices, "--json")).out);
    const prompted = await ask(...choices, "--json", "--prompt", "d.safetensors");
    assertEquals(
      prompted.err,
      "the image has 20×16 pixels, its middle 16×16 are used\n",
    );
    const scores = (told: { choices: { choice: string; score: number }[] }) =>
      told.choices.toSorted((a, b) => a.choice < b.choice ? -1 : 1).map(({ score }) => score);
    assertEquals(scores(plain).some((x, i) => x !== scores(JSON.parse(prompted.out))[i]), true);
  }));

const mistakes: readonly [args: readonly string[], message: string][] = [
  [["zoo/mini-blip", "p.png", "what?"], 'Cannot use model "zoo/mini-blip": there is no such model'],
  [
    ["./clip", "p.png", "what?"],
    'Cannot ask "./clip" for free text: it is a CLIP model, which ' +
    "only compares an image with given texts",
  ],
  [["./model", "none.png", "what?"], 'Cannot use image "none.png": there is no such file'],
  [["./model", "p.png", "what?", "--prompt", "p.png"], 'Cannot use prompt "p.png": Cannot decode'],
  [
    ["./model", "p.png", "what?", "--choices", "cat,,"],
    'Cannot use "cat,," for --choices: expected two or more, cat,dog',
  ],
  [["./model", "p.png"], 'Cannot run "tvp ask": expected MODEL IMAGE QUESTION'],
];

Deno.test("tvp ask says what it cannot use", () =>
  inFolder(async (folder) => {
    await place(folder);
    for (const [args, message] of mistakes) {
      const { code, err } = await tvp(folder, "ask", ...args);
      assertEquals([code, err.slice(0, 7 + message.length)], [2, `error: ${message}`]);
    }
    const ranked = await tvp(folder, "ask", "./clip", "p.png", "x", ...choices);
    assertEquals([ranked.code, ranked.out.trimEnd().split("\n").length], [0, 3], ranked.err);
  }));

Deno.test("tvp ask says when a model of an unknown type is opened by the default rule", () =>
  inFolder(async (folder) => {
    await place(folder);
    const path = join(folder, "model", "config.json");
    const config = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...config, model_type: "new_vl" }));
    const { code, err } = await tvp(folder, "ask", "./model", "p.png", "what?");
    const start = 'warning: Model "./model" is opened by the default rule';
    assertEquals([code, err.slice(0, start.length)], [0, start]);
  }));
