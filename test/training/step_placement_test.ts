/** The graphs of the zoo's models run on CUDA as a whole. */
import { assertEquals } from "@std/assert";
import { openModelDirectory } from "../../lib/models/directory.ts";
import { composeScore, scoreWay } from "../../lib/models/compose_score.ts";
import { openTextEncoder } from "../../lib/models/instruction_text.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { placeOnCuda } from "../../lib/runtime/placement.ts";
import { openClipTeacher } from "../../lib/training/clip_teacher.ts";
import { prepareSource, type Source } from "../../lib/training/source.ts";
import { buildStepGraph } from "../../lib/training/step_graph.ts";

const zoo = new URL("../../zoo/", import.meta.url).pathname;
const names = [...Deno.readDirSync(zoo)].map(({ name }) => name)
  .filter((name) => name.startsWith("mini-") && name !== "mini-clip").sort();
const sizes = { batch: 4, canvas: 64 } as const;
const rows = [
  { instruction: "This is a photo of a", answer: "cat" },
  { instruction: "Count", answer: "three of them" },
];
async function openSource(name: string): Promise<Source> {
  return await prepareSource(await openModelDirectory(zoo + name, { name }), rows, sizes);
}

const leftOf = (model: Model) => placeOnCuda(model).cpu.map(({ op, reason }) => `${op}: ${reason}`);

Deno.test("steps of VP and TVP run on CUDA, with one source and with two", async () => {
  const { canvas } = sizes;
  const options = { provider: "cpu", threads: 1, canvas } as const;
  const clip = await openClipTeacher(
    { name: "zoo/mini-clip", path: zoo + "mini-clip" },
    ["a", "b"],
    options,
  );
  const partner = await openSource("mini-convllava");
  for (const name of names) {
    const { graph } = await openSource(name);
    const variants = [
      { sources: [graph], weights: { lm: 1 } },
      { sources: [graph, partner.graph], weights: { lm: 1, fca: 0.005, tse: 0.001 } },
    ];
    for (const { sources, weights } of variants) {
      const step = buildStepGraph({ ...sizes, sources, weights, clip: clip.graph });
      const left = [...leftOf(step.model), ...leftOf(step.features)];
      assertEquals(left, [], `${name} with ${Object.keys(weights)}`);
    }
  }
});

Deno.test("scoring runs on CUDA", async () => {
  for (const name of names) {
    const directory = await openModelDirectory(zoo + name, { name });
    const { imageTokens } = await openTextEncoder(directory);
    const way = scoreWay(directory, await directory.readPart("decoder_model_merged"));
    const qformer = directory.config.model_type === "instructblip" ? { qformer: 8 } : {};
    const score = await composeScore(directory, way, {
      ...{ batch: 2, sequence: imageTokens + 8, imageTokens, rows: 6, length: 3 },
      ...qformer,
    });
    assertEquals(leftOf(score), [], name);
  }
});
