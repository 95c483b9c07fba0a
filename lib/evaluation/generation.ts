/** Free answers: generation, a batch of images at a time. @module */
import { isEncoderDecoder, type LanguageModelDirectory } from "../models/directory.ts";
import type { GenerationSettings } from "../models/generation_settings.ts";
import type { InstructionIds } from "../models/instruction_text.ts";
import { toTextBatch } from "../models/text_batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fillBatch, fillRows } from "./batch_fill.ts";
import { BeamSearch } from "./generation/beam_search.ts";
import type { DecoderRuns, RunOptions } from "./generation/decoder_contract.ts";
import { openDecoder } from "./generation/open_decoder.ts";
import { logitRules } from "./generation/logit_rules.ts";
import { SingleSearch } from "./generation/single_search.ts";
import type { LikeliestTokens, ScoreRows, TokenSearch } from "./generation/token_search.ts";

/** What a generator is opened for. */
export interface GeneratorOptions extends Omit<RunOptions, "copies" | "likeliest"> {
  /** How tokens are taken; default: the likeliest one at each step. */
  readonly settings?: GenerationSettings;
}

/** Generates answers. */
export interface Generator extends AsyncDisposable {
  /**
   * Answers a batch, up to an end symbol.
   *
   * @param pixels `pixel_values`, at most as many images as the generator's batch.
   * @param instructions One for each image.
   * @param rows Numbers of the images in the whole task, by which tokens are drawn; default from 0.
   */
  generate(
    pixels: Tensor,
    instructions: readonly InstructionIds[],
    rows?: readonly number[],
  ): Promise<readonly string[]>;
}

/** Opens a generator. */
export async function openGenerator(options: GeneratorOptions): Promise<Generator> {
  const copies = options.settings?.num_beams ?? 1;
  const { wantsLikeliest: likeliest } = searchFor(options, [], { instructions: [] });
  const decoder = await openDecoder({ ...options, copies, likeliest });
  return {
    generate: (pixels, instructions, rows) =>
      generate(decoder, options, { pixels, instructions, ...(rows === undefined ? {} : { rows }) }),
    [Symbol.asyncDispose]: () => decoder[Symbol.asyncDispose](),
  };
}

interface AskedTexts {
  readonly instructions: readonly InstructionIds[];
  readonly rows?: readonly number[];
}

interface Asked extends AskedTexts {
  readonly pixels: Tensor;
}

async function generate(
  decoder: DecoderRuns,
  options: GeneratorOptions,
  asked: Asked,
): Promise<readonly string[]> {
  const { text, settings = {} } = options;
  const instructions = fillRows(asked.instructions, options.batch);
  const batch = toTextBatch(
    instructions.map(({ ids, qformerIds }) => ({
      instruction: ids,
      answer: [],
      qformer: qformerIds,
    })),
    {
      padToken: text.padToken,
      length: options.instructionLength,
      qformerLength: options.qformerLength ?? 0,
    },
  );
  const search = searchFor(options, instructions, asked);
  const lengths = instructions.map(({ ids }) => ids.length);
  const prompts = instructions.map(({ prompt = [text.startToken] }) => prompt);
  let step = await decoder.start(fillBatch(asked.pixels, options.batch), batch, lengths, prompts);
  for (;;) {
    const next = search.advance(scoresIn(step.scores));
    if (next === undefined) break;
    step = await decoder.next(step, next);
  }
  return search.answers().slice(0, asked.instructions.length)
    .map((ids) => withoutStop(text.decode(ids), settings.stop_strings).trim());
}

function scoresIn({ data, dims }: Tensor): ScoreRows | LikeliestTokens {
  if (dims.length === 1) return { likeliest: Array.from(data as BigInt64Array, Number) };
  return { data: data as Float32Array, vocabulary: dims.at(-1)! };
}

/** What takes the tokens of a batch. */
function searchFor(
  options: GeneratorOptions,
  instructions: readonly InstructionIds[],
  asked: AskedTexts,
): TokenSearch {
  const { text, directory, maxTokens, settings = {} } = options;
  const { num_beams: beams = 1, stop_strings: stops = [], seed = 0 } = settings;
  const starts = instructions.map((asked) => startIds(directory, asked, text.startToken));
  const rules = logitRules(settings, {
    endTokens: text.endTokens,
    maxTokens,
    forcedToken: isEncoderDecoder(directory) ? text.forcedToken : undefined,
  });
  const start = {
    starts,
    asked: asked.instructions.length,
    rules,
    maxTokens,
    endTokens: text.endTokens,
    ...(stops.length === 0 ? {} : {
      stops: (ids: readonly number[]) => {
        const said = text.decode(ids);
        return stops.some((stop) => said.includes(stop));
      },
    }),
  };
  if (beams === 1) {
    const seeds = instructions.map((_, i) => `${seed} ${asked.rows?.[i] ?? i}`);
    return new SingleSearch({ ...start, ...(settings.do_sample ? { seeds } : {}) });
  }
  return new BeamSearch({
    ...start,
    beams,
    lengthPenalty: settings.length_penalty ?? 1,
    earlyStopping: settings.early_stopping ?? false,
  });
}

/** The tokens before an answer, as its decoder reads them. */
function startIds(
  directory: LanguageModelDirectory,
  { ids, prompt }: InstructionIds,
  startToken: number,
): readonly number[] {
  return isEncoderDecoder(directory) ? prompt ?? [startToken] : ids;
}

/** What was said before the first text that ends an answer. */
function withoutStop(said: string, stops: readonly string[] = []): string {
  const places = stops.map((stop) => said.indexOf(stop)).filter((at) => at >= 0);
  return places.length === 0 ? said : said.slice(0, Math.min(...places));
}
