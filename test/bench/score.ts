/** Likelihood of ten candidates: all in one run against one at a time. @module */
import { openScorer, type Scorer, type ScorerOptions } from "../../lib/evaluation/likelihood.ts";
import { preprocess } from "../../lib/vision/preprocess.ts";
import { openTextEncoder } from "../../lib/models/instruction_text.ts";
import { type Benchmark, type BenchRow, interleave, median } from "./benchmark.ts";
import { classes, instruction, noiseImages, openZoo } from "./zoo.ts";

const batch = 16;

/** Images per second of every model of the zoo. */
export const benchScore: Benchmark = async ({ rounds, provider = "cpu" }) => {
  const { directories, notes } = await openZoo();
  const rows: BenchRow[] = [];
  for (const directory of directories) {
    const text = await openTextEncoder(directory);
    const ids = text.instruction(instruction);
    const pixels = preprocess(noiseImages(batch, 64), directory.preprocessor);
    const options: ScorerOptions = {
      directory,
      text,
      candidates: classes,
      batch,
      instructionLength: ids.ids.length,
      qformerLength: ids.qformerIds.length,
      session: { provider, threads: 2 },
    };
    await using packed = await openScorer(options);
    await using stack = new AsyncDisposableStack();
    const single: Scorer[] = [];
    for (const candidate of classes) {
      single.push(stack.use(await openScorer({ ...options, candidates: [candidate] })));
    }
    const instructions = Array.from({ length: batch }, () => ids);
    const times = await interleave({
      packed: () => packed.score(pixels, instructions),
      single: async () => {
        for (const scorer of single) await scorer.score(pixels, instructions);
      },
    }, rounds);
    const rate = (ms: number) => batch / (ms / 1000);
    rows.push({
      name: directory.name,
      figures: {
        "packed images/s": rate(times.packed),
        "one at a time images/s": rate(times.single),
        "times faster": times.single / times.packed,
      },
    });
  }
  const faster = median(rows.map((row) => row.figures["times faster"]!));
  return { rows, summary: rows.length > 0 ? { "median times faster": faster } : {}, notes };
};
