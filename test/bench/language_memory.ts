/** Peak memory of a process that does one thing with a model at batch 8: `language_memory.ts DIR score|generate|train`. @module */
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { openGenerator } from "../../lib/evaluation/generation.ts";
import { openScorer } from "../../lib/evaluation/likelihood.ts";
import { openModelDirectory } from "../../lib/models/directory.ts";
import { openTextEncoder } from "../../lib/models/instruction_text.ts";
import { statusBytes } from "../../lib/runtime/peak_memory.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { prepareSource } from "../../lib/training/source.ts";
import { greyImages } from "./language.ts";
import { classes, instruction } from "./zoo.ts";

const batch = 8;
const session = { provider: "cpu", threads: 2 } as const;

const [path, what] = Deno.args as [string, "score" | "generate" | "train"];
const directory = await openModelDirectory(path);
const text = await openTextEncoder(directory);
const ids = text.instruction(instruction);
const pixels = await greyImages(directory, batch);
const options = { directory, text, batch, instructionLength: ids.ids.length, session };
const all = Array.from({ length: batch }, () => ids);

const tasks = {
  async score() {
    await using scorer = await openScorer({ ...options, candidates: classes });
    await scorer.score(pixels, all);
  },
  async generate() {
    await using generator = await openGenerator({ ...options, maxTokens: 16 });
    await generator.generate(pixels, all);
  },
  async train() {
    const rows = classes.map((answer) => ({ instruction, answer }));
    const { graph, feeds } = await prepareSource(directory, rows, {
      batch,
      canvas: pixels.dims[2]!,
    });
    const step = addGradients(graph.model, { of: "loss", wrt: ["pixel_values"] });
    await using training = await openSession(step, session);
    const picks = Array.from({ length: batch }, (_, row) => ({ row, flip: false }));
    await training.run({ pixel_values: pixels, ...feeds(picks) });
  },
};

await tasks[what]();
console.log(((statusBytes("VmHWM") ?? Deno.memoryUsage().rss) / 2 ** 20).toFixed(0));
