/** Runs an encoder, and a decoder of answers on its states. @module */
import { composeEncoder, pastInputs } from "../../models/compose_generate.ts";
import { isEncoderPast, isPast } from "../../models/cached_states.ts";
import { emptyDims, isMerged } from "../../models/compose_model.ts";
import { modelFeeds } from "../../models/feeds.ts";
import { dtypeOfInput } from "../../models/graph_inputs.ts";
import type { Model } from "../../onnx/ir/model.ts";
import { openSession, type Session } from "../../runtime/session.ts";
import { type Tensor, tensor, zeros } from "../../tensor/tensor.ts";
import type { DecoderRuns, RunOptions, Step } from "./decoder_contract.ts";
import { nextFeeds, openNext, pastOf, repeated, sizesOf, stepFrom } from "./decoder_steps.ts";

/**
 * An encoder, and a decoder that starts with the start symbol on an empty past. What it computes from
 * the encoder's states in the first run stays as it is.
 */
export async function openAnswering(options: RunOptions, decoder: Model): Promise<DecoderRuns> {
  const { directory, batch, copies, text } = options;
  const count = batch * copies;
  const encoderModel = await composeEncoder(directory, sizesOf(options));
  await using opened = new AsyncDisposableStack();
  const encoder = opened.use(await openSession(encoderModel, options.session));
  const next = opened.use(await openNext(options));
  const first = isMerged(decoder) ? opened.use(await openNext(options, false)) : next;
  const kept = opened.move();
  const names = pastInputs(decoder);
  const grown = names.filter((name) => !isEncoderPast(name));
  let encoded: Record<string, Tensor>;
  const advance = async (session: Session, past: Step["past"], tokens: readonly number[]) => {
    const length = past[grown[0] ?? ""]?.dims[2] ?? 0;
    const mask = tensor(
      "int64",
      [count, length + 1],
      new BigInt64Array(count * (length + 1)).fill(1n),
    );
    const rules = { mask, offsets: tokens.map(() => 0), text };
    const feeds = nextFeeds(session, tokens, rules, { ...past, ...encoded });
    const step = stepFrom(await session.run(feeds), length === 0 ? names : grown);
    return { ...step, past: { ...past, ...step.past } };
  };
  return {
    start: async (pixels, rows, _, prompts) => {
      const results = await encoder.run({
        pixel_values: pixels,
        ...modelFeeds(encoderModel, rows, text),
      });
      encoded = {
        encoder_hidden_states: repeated(results["encoder.last_hidden_state"]!, copies),
        encoder_attention_mask: repeated(rows.attentionMask, copies),
      };
      const tokensAt = (place: number) =>
        prompts.flatMap((prompt) => new Array<number>(copies).fill(prompt[place]!));
      let step = await advance(first, emptyPast(decoder, count), tokensAt(0));
      for (let place = 1; place < prompts[0]!.length; place++) {
        step = await advance(next, step.past, tokensAt(place));
      }
      return step;
    },
    next: (step, { tokens, from }) => advance(next, pastOf(step, from), tokens),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function emptyPast(decoder: Model, batch: number): Record<string, Tensor> {
  const infos = decoder.graph.inputs.filter(({ name }) => isPast(name));
  return Object.fromEntries(
    infos.map((info) => [info.name, zeros(dtypeOfInput(info), emptyDims(info, batch))]),
  );
}
