/** A source model made ready for training: its loss graph, and its tokens row by row. @module */
import type { LanguageModelDirectory } from "../models/directory.ts";
import { layImage } from "../models/image_layout.ts";
import { prepareLoss } from "../models/prepare_loss.ts";
import { type InstructionEncoder, openTextEncoder } from "../models/instruction_text.ts";
import type { TextRow } from "../models/text_batch.ts";
import { GraphBuilder } from "../onnx/build/builder.ts";
import type { Model } from "../onnx/ir/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { processorGraph } from "../vision/build_processor.ts";
import type { PickedRow } from "./batches.ts";
import { gateLayers, type ResidualLayer, residualLayers } from "./residual_layers.ts";
import type { SourceGraph } from "./step_graph.ts";

/** An instruction and its answer. */
export interface TaskRow {
  readonly instruction: string;
  readonly answer: string;
}

/** A source model, ready to be trained on. */
export interface Source {
  readonly graph: SourceGraph;
  /** Number of layers that may be dropped, 0 unless that was asked for. */
  readonly gates: number;
  /** What a batch feeds besides the pixels. */
  feeds(picks: readonly PickedRow[]): Record<string, Tensor>;
  /** Tokens of the answers of a batch, end symbols included. */
  answerTokens(picks: readonly PickedRow[]): number;
}

/** Sizes of a training. */
export interface SourceOptions {
  readonly batch: number;
  /** Side S of the canvas. */
  readonly canvas: number;
  /** Whether layers are dropped at random. */
  readonly gated?: boolean;
  /** Whether a loss term needs features from the middle of the encoder. */
  readonly hidden?: boolean;
}

/** Instruction and answer are tokenised apart; the answer ends with the model's end symbol. */
export function textRows(text: InstructionEncoder, rows: readonly TaskRow[]): TextRow[] {
  return rows.map((row) => {
    const { ids, qformerIds, prompt } = text.instruction(row.instruction);
    return {
      instruction: ids,
      answer: [...text.answer(row.answer), text.endToken],
      qformer: qformerIds,
      ...(prompt === undefined ? {} : { prompt }),
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
  { batch, canvas, gated = false, hidden = false }: SourceOptions,
): Promise<Source> {
  const image = await layImage(directory, { height: canvas, width: canvas });
  const text = await openTextEncoder(directory, image);
  const rows = textRows(text, taskRows);
  const { model, feeds } = await prepareLoss(directory, text, rows, { batch, image });
  const layers = gated || hidden ? layersOf(directory.name, model) : [];
  const seen = hidden ? withHiddenFeatures(model, layers) : model;
  return {
    graph: {
      model: gated ? gateLayers(seen, layers) : seen,
      processor: processorGraph(image.plan),
    },
    gates: gated ? layers.length : 0,
    feeds: (picks) => feeds(picks.map(({ row }) => row)),
    answerTokens: (picks) => picks.reduce((sum, { row }) => sum + rows[row]!.answer.length, 0),
  };
}

/** The layers on the way from the image to its features. */
function layersOf(name: string, model: Model): readonly ResidualLayer[] {
  const layers = residualLayers(model, { from: "pixel_values", to: "image_features" });
  if (layers.length > 0) return layers;
  throw new RangeError(
    `Cannot look between the layers of ${name}: its encoder has no residual layers`,
  );
}

/** Adds the output `hidden_features`: what is behind half of the layers. */
function withHiddenFeatures(model: Model, layers: readonly ResidualLayer[]): Model {
  const builder = new GraphBuilder({ model });
  builder.output(layers[Math.ceil(layers.length / 2) - 1]!.out, "hidden_features");
  return builder.finish();
}
