/** A source model made ready for training: its loss graph, and its tokens row by row. @module */
import type { LanguageModelDirectory } from "../models/directory.ts";
import { layPicture } from "../models/picture_layout.ts";
import { prepareLoss } from "../models/prepare_loss.ts";
import { openTextEncoder, type PromptEncoder } from "../models/prompt_text.ts";
import type { TextRow } from "../models/text_batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { processorGraph } from "../vision/build_processor.ts";
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
}

/** Instruction and answer are tokenised apart; the answer ends with the model's end symbol. */
export function textRows(text: PromptEncoder, rows: readonly TaskRow[]): TextRow[] {
  return rows.map((row) => {
    const { ids, qformerIds } = text.instruction(row.instruction);
    return {
      instruction: ids,
      answer: [...text.answer(row.answer), text.endToken],
      qformer: qformerIds,
    };
  });
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
  { batch, canvas }: SourceOptions,
): Promise<Source> {
  const picture = await layPicture(directory, { height: canvas, width: canvas });
  const text = await openTextEncoder(directory, picture);
  const rows = textRows(text, taskRows);
  const { model, feeds } = await prepareLoss(directory, text, rows, { batch, picture });
  return {
    graph: { model, processor: processorGraph(picture.plan) },
    feeds: (picks) => feeds(picks.map(({ row }) => row)),
  };
}
