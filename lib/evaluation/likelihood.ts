/**
 * Scores of candidate answers: the mean log-likelihood of an answer's tokens after picture and
 * instruction, without the end symbol.
 *
 * @module
 */
import { composeScore, type ScoreWay, scoreWay } from "../models/compose_score.ts";
import { modelFeeds } from "../models/compose_loss.ts";
import type { LanguageModelDirectory } from "../models/directory.ts";
import type { InstructionIds, TextEncoder } from "../models/prompt_text.ts";
import { pad, positionIds, toTextBatch } from "../models/text_batch.ts";
import type { Model } from "../onnx/ir/model.ts";
import { openSession, type Session, type SessionOptions } from "../runtime/session.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { fillBatch, fillRows, indices, pictures } from "./batch_fill.ts";
import { type CandidatePlan, planCandidates } from "./candidates.ts";

/** What a scorer is opened for. */
export interface ScorerOptions {
  readonly directory: LanguageModelDirectory;
  readonly text: TextEncoder;
  /** Candidate answers, in the order of the scores. */
  readonly candidates: readonly string[];
  /** Most pictures in one call. */
  readonly batch: number;
  /** Length of the longest instruction, placeholders included. */
  readonly instructionLength: number;
  /** Length of the longest instruction as the Q-Former reads it. */
  readonly qformerLength?: number;
  readonly session?: SessionOptions;
}

/** Scores batches of pictures against fixed candidates. */
export interface Scorer extends AsyncDisposable {
  /**
   * Scores pictures.
   *
   * @param pixels `pixel_values`, at most as many pictures as the scorer's batch.
   * @param instructions One for each picture.
   * @returns Per picture one score for each candidate.
   */
  score(
    pixels: Tensor,
    instructions: readonly InstructionIds[],
  ): Promise<readonly (readonly number[])[]>;
}

/** Continuations of one run, beyond which copies of the instruction's cache outgrow the processor's. */
const rowsPerRun = 96;

/**
 * Opens a scorer: one graph that encodes picture and instruction once and then runs all candidates
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
  const plan = planCandidates(answers, way, text.startToken);
  const fitting = Math.floor(rowsPerRun / Math.max(1, plan.rows.length));
  const batch = Math.min(options.batch, Math.max(1, fitting));
  const model = await composeScore(directory, way, {
    batch,
    sequence,
    imageTokens: text.imageTokens,
    rows: batch * plan.rows.length,
    length: plan.length,
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
  /** Pictures per run. */
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
        `Cannot score ${count} pictures with ${instructions.length} instructions: a call takes 1 to ${options.batch}`,
      );
    }
    const scores: (readonly number[])[] = [];
    for (let from = 0; from < count; from += batch) {
      const to = Math.min(from + batch, count);
      scores.push(...await this.#run(pictures(pixels, from, to), instructions.slice(from, to)));
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
    const feeds: Record<string, Tensor> = modelFeeds(model, batch, text.imageToken);
    if (this.#state.way === "cache") {
      feeds.last_index = indices(lengths.map((n, row) => row * length + n - 1));
    }
    if (plan.rows.length === 0) return feeds;
    return { ...feeds, ...this.#continuationFeeds(lengths, batch.attentionMask) };
  }

  #continuationFeeds(lengths: readonly number[], mask: Tensor): Record<string, Tensor> {
    const { plan, way, options, model } = this.#state;
    const { instructionLength: sequence, text } = options;
    const perPicture = plan.rows.length;
    const width = way === "repeat" ? sequence + plan.length : plan.length;
    const rows = lengths.flatMap(() => plan.rows);
    const nextMask = joinMasks(mask, plan, lengths.length);
    const feeds: Record<string, Tensor> = {
      next_ids: pad(rows, text.padToken, plan.length),
      next_row: indices(rows.map((_, i) => Math.floor(i / perPicture))),
      next_mask: nextMask,
      next_position_ids: nextPositions(model, nextMask, width),
      pick_index: indices(lengths.flatMap((n, picture) =>
        plan.picks.map(({ row, position }) => {
          const start = way === "repeat" ? (position < 0 ? n : sequence) : 0;
          return (picture * perPicture + row) * width + start + position;
        })
      )),
      pick_ids: indices(lengths.flatMap(() => plan.picks.map(({ token }) => token))),
    };
    const known = new Set(model.graph.inputs.map((info) => info.name));
    return Object.fromEntries(Object.entries(feeds).filter(([name]) => known.has(name)));
  }

  /** Mean over each candidate's tokens. */
  #collect(results: Readonly<Record<string, Tensor>>, count: number): number[][] {
    const { plan } = this.#state;
    const first = results.first_log_probs;
    const vocabulary = first?.dims.at(-1) ?? 0;
    return Array.from({ length: count }, (_, picture) => {
      const sums = plan.first.map((token) =>
        token === undefined ? 0 : Number(first!.data[picture * vocabulary + token])
      );
      plan.picks.forEach(({ candidate }, i) => {
        sums[candidate]! += Number(results.log_probs!.data[picture * plan.picks.length + i]);
      });
      return sums.map((sum, candidate) => sum / plan.counts[candidate]!);
    });
  }
}

/** The instruction's mask of each row, then ones for the continuation. */
function joinMasks(mask: Tensor, plan: CandidatePlan, pictures: number): Tensor<"int64"> {
  const sequence = mask.dims[1]!;
  const width = sequence + plan.length;
  const rows = pictures * plan.rows.length;
  const data = new BigInt64Array(rows * width).fill(1n);
  for (let row = 0; row < rows; row++) {
    const picture = Math.floor(row / plan.rows.length);
    const source = mask.data.subarray(picture * sequence, (picture + 1) * sequence);
    data.set(source as BigInt64Array, row * width);
  }
  return tensor("int64", [rows, width], data);
}

/** Positions of the last `length` tokens; padding inside the instruction is not counted. */
function nextPositions(model: Model, mask: Tensor, length: number): Tensor<"int64"> {
  const info = model.graph.inputs.find((input) => input.name === "next_position_ids");
  const dims = info?.type.kind === "tensor" ? info.type.dims : undefined;
  const all = positionIds(mask);
  const [rows, width] = [dims?.[0] === 1 ? 1 : mask.dims[0]!, mask.dims[1]!];
  const data = new BigInt64Array(rows * length);
  for (let row = 0; row < rows; row++) {
    data.set(all.data.subarray((row + 1) * width - length, (row + 1) * width), row * length);
  }
  return tensor("int64", [rows, length], data);
}
