/** The training graph of a multimodal language model: its loss on the answers of a batch. @module */
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import { dataTypeOf } from "../onnx/ir/data_type.ts";
import type { Model } from "../onnx/ir/model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { composed, composeModel, type ModelSizes } from "./compose_model.ts";
import type { ModelDirectory } from "./directory.ts";
import { selectRows } from "./select_rows.ts";
import { labelRows, positionIds, positionsOf, type TextBatch } from "./text_batch.ts";

/** Sizes of the graph, and what it gives besides the loss. */
export interface LossOptions extends ModelSizes {
  /** Adds the output `logits` [batch, sequence, vocabulary]; costs the head at every position. */
  readonly logits?: boolean;
}

/**
 * Composes the loss graph of a model: the inputs of {@linkcode composeModel} and `label_index`,
 * `label_ids` [labels]; outputs `loss`, one mean of the cross entropy over all labels of the batch,
 * and `image_features`. The classifier head runs only where a label is.
 *
 * @example
 * ```ts
 * import { addGradients } from "@tvp/pipeline/autodiff";
 * import { openModelDirectory } from "./directory.ts";
 *
 * const directory = await openModelDirectory("zoo/mini-minigpt4");
 * const loss = await composeLoss(directory, { batch: 2, sequence: 40, imageTokens: 8 });
 * const step = addGradients(loss, { of: "loss", wrt: ["pixel_values"] });
 * console.log(step.graph.outputs.map((output) => output.name));
 * ```
 */
export async function composeLoss(
  directory: ModelDirectory,
  options: LossOptions,
): Promise<Model> {
  const model = await composeModel(directory, options, [
    composed.imageFeatures,
    composed.logits,
  ]);
  const outputs = ["loss", "image_features"];
  const builder = new GraphBuilder({ model });
  const index = builder.input("label_index", "int64", ["labels"]);
  const ids = builder.input("label_ids", "int64", ["labels"]);
  const rows = selectRows(builder, model.graph, {
    value: composed.logits,
    batch: options.batch,
    sequence: options.answer ?? options.sequence,
    index,
  });
  builder.output(crossEntropy(builder, rows, ids), "loss");
  builder.output(composed.imageFeatures, "image_features");
  if (options.logits) {
    builder.output(composed.logits, "logits");
    outputs.push("logits");
  }
  return pruneModel(builder.finish(), outputs);
}

/** Mean over rows of −log softmax(logits)[id], in float32. */
function crossEntropy(builder: GraphBuilder, logits: Value, ids: Value): Value {
  const scores = builder.dtype(logits) === "float32"
    ? logits
    : builder.op("Cast", [logits], { to: dataTypeOf.float32 });
  const logProbs = builder.op("LogSoftmax", [scores], { axis: -1 });
  const column = builder.op("Unsqueeze", [ids, builder.int64s([1])]);
  const picked = builder.op("GatherElements", [logProbs, column], { axis: 1 });
  const mean = builder.op("ReduceMean", [picked], { keepdims: 0 });
  return builder.op("Neg", [mean]);
}

/**
 * What to feed a loss graph besides the pixels.
 *
 * @param model The loss graph: only inputs that it has are fed.
 * @param imageToken Placeholder in `input_ids`.
 */
export function lossFeeds(
  model: Model,
  batch: TextBatch,
  imageToken: number,
): Record<string, Tensor> {
  const labels = labelRows(batch.labels, batch.decoderInputIds === undefined ? 1 : 0);
  return {
    ...modelFeeds(model, batch, imageToken),
    label_index: labels.index,
    label_ids: labels.ids,
  };
}

/** What to feed a composed model besides the pixels; only inputs that it has are fed. */
export function modelFeeds(
  model: Model,
  batch: TextBatch,
  imageToken: number,
): Record<string, Tensor> {
  const feeds: Record<string, () => Tensor | undefined> = {
    input_ids: () => batch.inputIds,
    attention_mask: () => batch.attentionMask,
    position_ids: () => positionsFor(model, batch.attentionMask),
    image_index: () => positionsOf(imageToken, batch.inputIds),
    decoder_input_ids: () => batch.decoderInputIds,
    qformer_input_ids: () => batch.qformerIds,
    qformer_attention_mask: () => batch.qformerMask,
  };
  const fed: Record<string, Tensor> = {};
  for (const { name } of model.graph.inputs) {
    const value = feeds[name]?.();
    if (value !== undefined) fed[name] = value;
  }
  return fed;
}

/** A decoder that shares its positions among the rows gets 0, 1, …, which padding on the right allows. */
function positionsFor(model: Model, attentionMask: Tensor): Tensor<"int64"> {
  const info = model.graph.inputs.find((input) => input.name === "position_ids");
  const dims = info?.type.kind === "tensor" ? info.type.dims : undefined;
  if (dims?.[0] !== 1 || attentionMask.dims[0] === 1) return positionIds(attentionMask);
  const length = attentionMask.dims[1]!;
  const data = BigInt64Array.from({ length }, (_, i) => BigInt(i));
  return { dtype: "int64", dims: [1, length], data };
}
