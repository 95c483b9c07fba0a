import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { inFolder, tvp } from "./workplace.ts";

const pipeline = `name: sizes
stages:
  data: { uses: load-dataset, with: { dataset: emoji10, shots: 4 } }
  foggy: { uses: corrupt-dataset, with: { data: "\${{ stages.data.train }}", kind: fog, severity: 1 } }
  prompt:
    uses: optimize-prompt
    matrix: { seed: [0, 1], image: [48, 80] }
    with:
      source: zoo/mini-blip2
      data: \${{ stages.foggy.data }}
      loss: vp
      lr: 1
      steps: 1
      imageSize: \${{ matrix.image }}
      seed: \${{ matrix.seed }}
  given:
    uses: transfer-evaluate
    with: { prompt: shrunk, model: zoo/mini-blip2, data: ./rows, imageSize: 32 }
  roomy:
    uses: transfer-evaluate
    with: { prompt: shrunk, model: zoo/mini-blip2, data: ./rows, imageSize: 32, canvas: 48 }
`;

Deno.test("plan tells, once, of an image larger than the canvas that its data make", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "p.yaml"), pipeline);
    await Deno.mkdir(join(folder, "rows"));
    await Deno.writeTextFile(join(folder, "rows/dataset.json"), '{"height": 24, "width": 24}');
    const { code, err } = await tvp(folder, "plan", "p.yaml");
    assertEquals(code, 2);
    assertEquals(err.split("\n").filter((line) => line.includes("error:")), [
      "p.yaml:14:18: error: Cannot use 80 as stages.prompt.with.imageSize: " +
      "the canvas has 64 pixels, as the images of its data",
      "p.yaml:18:77: error: Cannot use 32 as stages.given.with.imageSize: " +
      "the canvas has 24 pixels, as the images of its data",
    ]);
    assertStringIncludes(err, '= give a "canvas" that is as large, or an "imageSize" up to 64');
  }));
