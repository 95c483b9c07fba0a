/** Runs a model without a past: the whole sequence again for every token. @module */
import { composeFirstRun } from "../../models/compose_generate.ts";
import { modelFeeds } from "../../models/feeds.ts";
import { indexVector, toTextBatch } from "../../models/text_batch.ts";
import { openSession } from "../../runtime/session.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { DecoderRuns, RunOptions, Step } from "./decoder_contract.ts";
import { scoredBy, scoresIn, sizesOf } from "./decoder_steps.ts";

/** Without a past: every token runs the whole sequence again, each copy of the rows in a run of its own. */
export async function openRepeating(options: RunOptions): Promise<DecoderRuns> {
  const { batch: images, copies, directory, text } = options;
  const sequence = options.instructionLength + options.maxTokens;
  const sizes = { ...sizesOf(options), sequence };
  const model = scoredBy(await composeFirstRun(directory, sizes), options);
  const session = await openSession(model, options.session);
  let pixelValues: Tensor;
  let rows: readonly (readonly number[])[];
  const runCopy = async (copy: number): Promise<Tensor> => {
    const texts = Array.from({ length: images }, (_, i) => rows[i * copies + copy]!);
    const batch = toTextBatch(texts.map((instruction) => ({ instruction, answer: [] })), {
      padToken: text.padToken,
      length: sequence,
    });
    const results = await session.run({
      pixel_values: pixelValues,
      ...modelFeeds(model, batch, text),
      last_index: indexVector(texts.map((ids, row) => row * sequence + ids.length - 1)),
    });
    return scoresIn(results);
  };
  const run = async (): Promise<Step> => {
    const runs: Tensor[] = [];
    for (let copy = 0; copy < copies; copy++) runs.push(await runCopy(copy));
    return { scores: interleaved(runs), past: {} };
  };
  return {
    start: (pixels, batch, lengths) => {
      pixelValues = pixels;
      const width = batch.inputIds.dims[1]!;
      rows = lengths.flatMap((n, row) => {
        const ids = Array.from(batch.inputIds.data.subarray(row * width, row * width + n), Number);
        return new Array(copies).fill(ids);
      });
      return run();
    },
    next: (_, { tokens, from }) => {
      rows = tokens.map((token, row) => [...rows[from?.[row] ?? row]!, token]);
      return run();
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** The first rows of all, then their second ones. */
function interleaved(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (tensors.length === 1) return first!;
  const [rows, width] = first!.dims as [number, number];
  const data = new Float32Array(tensors.length * rows * width);
  tensors.forEach((values, copy) => {
    for (let row = 0; row < rows; row++) {
      const source = values.data.subarray(row * width, (row + 1) * width) as Float32Array;
      data.set(source, (row * tensors.length + copy) * width);
    }
  });
  return tensor("float32", [tensors.length * rows, width], data);
}
