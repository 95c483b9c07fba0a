/** A source model made ready for training: its loss graph, and its tokens row by row. @module */
import type { LanguageModelDirectory } from "../models/directory.ts";
import { composeLoss, lossFeeds } from "../models/compose_loss.ts";
import { openTextEncoder, type TextEncoder } from "../models/prompt_text.ts";
import { type TextRow, toTextBatch } from "../models/text_batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { buildProcessor } from "../vision/build_processor.ts";
import type { PickedRow } from "./batches.ts";
import type { SourceGraph } from "./step_graph.ts";

/** An instruction and its answer. */
export interface TaskRow {
  readonly instruction: string;
  readonly answer: string;
}

/** A source model, ready to be trained on. */
export interface Source {
  readonly graph: SourceGraph;
  /** What a batch feeds besides the pixels. */
  feeds(picks: readonly PickedRow[]): Record<string, Tensor>;
}

/** Sizes of a training. */
export interface SourceOptions {
  readonly batch: number;
  /** Side S of the canvas. */
  readonly canvas: number;
  /** Shapes of inputs that are the model's own. */
  readonly inputDims?: Readonly<Record<string, readonly number[]>>;
}

/** Instruction and answer are tokenised apart; the answer ends with the model's end symbol. */
function textRows(text: TextEncoder, rows: readonly TaskRow[]): TextRow[] {
  return rows.map((row) => {
    const { ids, qformerIds } = text.instruction(row.instruction);
    return {
      instruction: ids,
      answer: [...text.answer(row.answer), text.endToken],
      qformer: qformerIds,
    };
  });
}

const longest = (rows: readonly TextRow[], length: (row: TextRow) => number) =>
  rows.reduce((most, row) => Math.max(most, length(row)), 0);

/** First placeholder of the picture, if it is the same in every row. */
function sharedStart(rows: readonly TextRow[], imageToken: number): number | undefined {
  const starts = new Set(rows.map((row) => row.instruction.indexOf(imageToken)));
  return starts.size === 1 ? [...starts][0] : undefined;
}

/**
 * Prepares a model. Every batch is padded to the longest row of the data, so that one graph with
 * known sizes serves the whole training.
 *
 * @throws {DiagnosticError} If the directory lacks what the task needs.
 */
export async function prepareSource(
  directory: LanguageModelDirectory,
  taskRows: readonly TaskRow[],
  { batch, canvas, inputDims }: SourceOptions,
): Promise<Source> {
  const text = await openTextEncoder(directory);
  const rows = textRows(text, taskRows);
  const encoderDecoder = directory.has("encoder_model");
  const answer = longest(rows, (row) => row.answer.length);
  const sequence = longest(
    rows,
    (row) => row.instruction.length + (encoderDecoder ? 0 : row.answer.length),
  );
  const imageStart = sharedStart(rows, text.imageToken);
  const qformer = longest(rows, (row) => row.qformer?.length ?? 0);
  const model = await composeLoss(directory, {
    batch,
    sequence,
    imageTokens: text.imageTokens,
    ...(imageStart === undefined ? {} : { imageStart }),
    ...(encoderDecoder ? { answer } : {}),
    ...(qformer ? { qformer } : {}),
    ...(inputDims ? { inputDims } : {}),
  });
  const processor = buildProcessor(directory.preprocessor, canvas);
  return {
    graph: { model, processor },
    feeds: (picks) => {
      const texts = toTextBatch(picks.map(({ row }) => rows[row]!), {
        padToken: text.padToken,
        length: sequence,
        answerLength: answer,
        qformerLength: qformer,
        ...(encoderDecoder ? { startToken: text.startToken } : {}),
      });
      return lossFeeds(model, texts, text.imageToken);
    },
  };
}
