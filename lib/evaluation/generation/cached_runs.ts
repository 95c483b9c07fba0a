/** Runs a decoder on keys and values of the tokens before. @module */
import { composeFirstRun, pastInputs } from "../../models/compose_generate.ts";
import { modelFeeds } from "../../models/feeds.ts";
import { positionOffsets } from "../../models/positions.ts";
import { indexVector, joinMasks } from "../../models/text_batch.ts";
import type { Model } from "../../onnx/ir/model.ts";
import { openSession } from "../../runtime/session.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { DecoderRuns, RunOptions } from "./decoder_contract.ts";
import {
  copied,
  nextFeeds,
  openNext,
  pastFrom,
  pastOf,
  scoredBy,
  scoresIn,
  sizesOf,
  stepFrom,
} from "./decoder_steps.ts";

/** Decoder-only, on keys and values: the instruction's padding stays masked. */
export async function openCached(options: RunOptions, decoder: Model): Promise<DecoderRuns> {
  const { directory, copies, text, instructionLength: sequence } = options;
  const firstModel = scoredBy(await composeFirstRun(directory, sizesOf(options)), options);
  await using opened = new AsyncDisposableStack();
  const first = opened.use(await openSession(firstModel, options.session));
  const next = opened.use(await openNext(options));
  const kept = opened.move();
  const names = pastInputs(decoder);
  let mask: Tensor<"int64">;
  let offsets: readonly number[];
  return {
    start: async (pixels, rows, lengths) => {
      const texts = { ids: rows.inputIds, mask: rows.attentionMask };
      mask = joinMasks(texts.mask, { rows: copies, length: 0 });
      offsets = positionOffsets(texts, text).flatMap((offset) => new Array(copies).fill(offset));
      const results = await first.run({
        pixel_values: pixels,
        ...modelFeeds(firstModel, rows, text),
        last_index: indexVector(lengths.map((n, row) => row * sequence + n - 1)),
      });
      const past = pastFrom(results, names, "decoder.");
      return copied({ scores: scoresIn(results), past }, copies);
    },
    next: async (step, { tokens, from }) => {
      mask = joinMasks(mask, { rows: 1, length: 1 });
      const rules = { mask, offsets, text };
      const past = pastOf(step, from);
      const results = await next.run(nextFeeds(next, tokens, rules, past));
      return stepFrom(results, names);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
