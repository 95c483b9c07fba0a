/**
 * Scores of candidate answers: the mean log-likelihood of an answer's tokens after image and
 * instruction, without the end symbol.
 *
 * @module
 */
import { composeScore, type ScoreWay, scoreWay } from "../models/compose_score.ts";
import { laterTypes, modelFeeds } from "../models/feeds.ts";
import { dimsOfInput } from "../models/graph_inputs.ts";
import type { ImageSizes } from "../models/compose_model.ts";
import type { LanguageModelDirectory } from "../models/directory.ts";
import type { InstructionEncoder, InstructionIds } from "../models/instruction_text.ts";
import { laterPositions, positionOffsets } from "../models/positions.ts";
import { indexVector, joinMasks, pad, type TextBatch, toTextBatch } from "../models/text_batch.ts";
import type { Model } from "../onnx/ir/model.ts";
import { openSession, type Session, type SessionOptions } from "../runtime/session.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fillBatch, fillRows, images } from "./batch_fill.ts";
import { type CandidatePlan, planCandidates } from "./candidates.ts";

/** What a scorer is opened for. */
export interface ScorerOptions {
  readonly directory: LanguageModelDirectory;
  readonly text: InstructionEncoder;
  /** How the images reach the vision encoder; default: as whole ones. */
  readonly image?: ImageSizes;
  /** Candidate answers, in the order of the scores. */
  readonly candidates: readonly string[];
  /** Most images in one call. */
  readonly batch: number;
  /** Length of the longest instruction, placeholders included. */
  readonly instructionLength: number;
  /** Length of the longest instruction as the Q-Former reads it. */
  readonly qformerLength?: number;
  /** Tokens that the decoder has read before an answer, of all instructions; default 1. */
  readonly promptLength?: number;
  readonly session?: SessionOptions;
}

/** Scores batches of images against fixed candidates. */
export interface Scorer extends AsyncDisposable {
  /**
   * Scores images.
   *
   * @param pixels `pixel_values`, at most as many images as the scorer's batch.
   * @param instructions One for each image.
   * @returns Per image one score for each candidate.
   */
  score(
    pixels: Tensor,
    instructions: readonly InstructionIds[],
  ): Promise<readonly (readonly number[])[]>;
}

/** Continuations of one run, beyond which copies of the instruction's cache outgrow the processor's. */
const rowsPerRun = 96;

/**
 * Opens a scorer: one graph that encodes image and instruction once and then runs all candidates
 * as a batch.
 *
 * @example
 * ```ts ignore
 * await using scorer = await openScorer({ directory, text, candidates: ["cat", "dog"], batch: 32, instructionLength: 24 });
 * const scores = await scorer.score(pixels, instructions);
 * ```
 */
export async function openScorer(options: ScorerOptions): Promise<Scorer> {
  const { directory, text, instructionLength: sequence } = options;
  const decoder = await directory.readPart("decoder_model_merged");
  const way = scoreWay(directory, decoder);
  const answers = options.candidates.map((candidate) => [...text.answer(candidate)]);
  const { promptLength = 1 } = options;
  const plan = planCandidates(answers, way, text.startToken);
  const fitting = Math.floor(rowsPerRun / Math.max(1, plan.rows.length));
  const batch = Math.min(options.batch, Math.max(1, fitting));
  const model = await composeScore(directory, way, {
    batch,
    sequence,
    imageTokens: text.imageTokens,
    rows: batch * plan.rows.length,
    length: plan.length + promptLength - 1,
    ...(options.image === undefined ? {} : { image: options.image }),
    ...(options.qformerLength === undefined ? {} : { qformer: options.qformerLength }),
  });
  const session = await openSession(model, options.session);
  return new GraphScorer({ model, session, plan, way, options, batch });
}

interface ScorerState {
  readonly model: Model;
  readonly session: Session;
  readonly plan: CandidatePlan;
  readonly way: ScoreWay;
  readonly options: ScorerOptions;
  /** Images per run. */
  readonly batch: number;
}

class GraphScorer implements Scorer {
  readonly #state: ScorerState;

  constructor(state: ScorerState) {
    this.#state = state;
  }

  async score(
    pixels: Tensor,
    instructions: readonly InstructionIds[],
  ): Promise<readonly (readonly number[])[]> {
    const { options, batch } = this.#state;
    const count = pixels.dims[0]!;
    if (count !== instructions.length || count === 0 || count > options.batch) {
      throw new RangeError(
        `Cannot score ${count} images with ${instructions.length} instructions: a call takes 1 to ${options.batch}`,
      );
    }
    const scores: (readonly number[])[] = [];
    for (let from = 0; from < count; from += batch) {
      const to = Math.min(from + batch, count);
      scores.push(...await this.#run(images(pixels, from, to), instructions.slice(from, to)));
    }
    return scores;
  }

  async #run(
    pixels: Tensor,
    instructions: readonly InstructionIds[],
  ): Promise<readonly (readonly number[])[]> {
    const { session, batch } = this.#state;
    const results = await session.run({
      pixel_values: fillBatch(pixels, batch),
      ...this.#feeds(fillRows(instructions, batch)),
    });
    return this.#collect(results, instructions.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#state.session[Symbol.asyncDispose]();
  }

  #feeds(instructions: readonly InstructionIds[]): Record<string, Tensor> {
    const { model, options, plan } = this.#state;
    const { text, instructionLength: length } = options;
    const batch = toTextBatch(
      instructions.map(({ ids, qformerIds }) => ({
        instruction: ids,
        answer: [],
        qformer: qformerIds,
      })),
      { padToken: text.padToken, length, qformerLength: options.qformerLength ?? 0 },
    );
    const lengths = instructions.map(({ ids }) => ids.length);
    const feeds: Record<string, Tensor> = modelFeeds(model, batch, text);
    if (this.#state.way === "cache") {
      feeds.last_index = indexVector(lengths.map((n, row) => row * length + n - 1));
    }
    if (plan.rows.length === 0) return feeds;
    return { ...feeds, ...this.#continuationFeeds(instructions, batch) };
  }

  #continuationFeeds(
    instructions: readonly InstructionIds[],
    { inputIds, attentionMask: mask }: TextBatch,
  ): Record<string, Tensor> {
    const { plan, way, options, model } = this.#state;
    const { instructionLength: sequence, text, promptLength = 1 } = options;
    const perImage = plan.rows.length;
    const lengths = instructions.map(({ ids }) => ids.length);
    const prompted = promptLength - 1 + plan.length;
    const width = way === "repeat" ? sequence + plan.length : prompted;
    // Of an encoder-decoder the first token of a row is the start symbol, or the last of a prompt.
    const rows = instructions.flatMap(({ prompt }) =>
      plan.rows.map((row) => prompt === undefined ? row : [...prompt, ...row.slice(1)])
    );
    const nextMask = joinMasks(mask, { rows: perImage, length: plan.length });
    const offsets = positionOffsets({ ids: inputIds, mask }, text);
    const feeds: Record<string, Tensor> = {
      next_ids: pad(rows, text.padToken, prompted),
      next_row: indexVector(rows.map((_, i) => Math.floor(i / perImage))),
      next_mask: nextMask,
      ...this.#laterPositions(nextMask, width, offsets),
      next_token_type_ids: laterTypes([rows.length, width], text),
      pick_index: indexVector(
        lengths.flatMap((n, image) =>
          plan.picks.map(({ row, position }) => {
            const start = way === "repeat" ? (position < 0 ? n : sequence) : promptLength - 1;
            return (image * perImage + row) * width + start + position;
          })
        ),
      ),
      pick_ids: indexVector(lengths.flatMap(() => plan.picks.map(({ token }) => token))),
    };
    const known = new Set(model.graph.inputs.map((info) => info.name));
    return Object.fromEntries(Object.entries(feeds).filter(([name]) => known.has(name)));
  }

  /** Positions of the last `length` tokens of each continuation, where the decoder wants them. */
  #laterPositions(mask: Tensor, length: number, offsets: readonly number[]) {
    const { model, plan } = this.#state;
    const info = model.graph.inputs.find(({ name }) => name === "next_position_ids");
    if (info === undefined) return {};
    const perRow = offsets.flatMap((offset) => plan.rows.map(() => offset));
    return { next_position_ids: laterPositions(dimsOfInput(info), mask, length, perRow) };
  }

  /** Mean over each candidate's tokens. */
  #collect(results: Readonly<Record<string, Tensor>>, count: number): number[][] {
    const { plan } = this.#state;
    const first = results.first_log_probs;
    const vocabulary = first?.dims.at(-1) ?? 0;
    return Array.from({ length: count }, (_, image) => {
      const sums = plan.first.map((token) =>
        token === undefined ? 0 : Number(first!.data[image * vocabulary + token])
      );
      plan.picks.forEach(({ candidate }, i) => {
        sums[candidate]! += Number(results.log_probs!.data[image * plan.picks.length + i]);
      });
      return sums.map((sum, candidate) => sum / plan.counts[candidate]!);
    });
  }
}
