import { assert, assertEquals } from "@std/assert";
import { openModelDirectory } from "../../lib/models/directory.ts";
import { prepareSource } from "../../lib/training/source.ts";
import { buildStepGraph } from "../../lib/training/step_graph.ts";
import { memoryLine, stepMemory } from "../../lib/training/step_memory.ts";

const zoo = new URL("../../zoo/", import.meta.url).pathname;

/** Peaks of a process that built and ran two steps of VP, in MiB, measured on Linux x86_64 with ONNX Runtime 1.30. */
const peaks: readonly (readonly [model: string, batch: number, mebibytes: number])[] = [
  ["mini-minigpt4", 16, 212],
  ["mini-minigpt4", 64, 343],
  ["mini-convllava", 64, 352],
  ["mini-blip2", 32, 299],
  ["mini-bliva", 32, 227],
  ["mini-instructblip", 32, 298],
  ["mini-visualglm", 32, 248],
  ["mini-vpgtrans", 32, 243],
];

Deno.test("stepMemory() is within 20 % of measured peaks", async () => {
  for (const [name, batch, peak] of peaks) {
    const directory = await openModelDirectory(zoo + name, { name });
    const rows = ["cat", "cats", "catss"].map((answer) => ({
      instruction: "This is a photo of a",
      answer,
    }));
    const { graph } = await prepareSource(directory, rows, { batch, canvas: 64 });
    const step = buildStepGraph({ canvas: 64, batch, sources: [graph], weights: { lm: 1 } });
    const ratio = stepMemory(step.model).total / 2 ** 20 / peak;
    assert(ratio > 0.8 && ratio < 1.2, `${name} at ${batch}: ${ratio}`);
  }
});

Deno.test("memoryLine() says what the memory is for", () => {
  assertEquals(
    memoryLine({ weights: 43e7, activations: 1.37e9, total: 1.93e9 }, 16),
    "a step takes about 1.93 GB of memory: 0.43 GB for weights, 1.37 GB for values at batch 16",
  );
});
