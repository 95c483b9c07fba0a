/** The training graph of a multimodal language model: its loss on the answers of a batch. @module */
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import { dataTypeOf } from "../onnx/ir/data_type.ts";
import type { Model } from "../onnx/ir/model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { composed, composeModel, type ModelSizes } from "./compose_model.ts";
import type { ModelDirectory } from "./directory.ts";
import { selectRows } from "./select_rows.ts";
import { answerFeeds, composeApart } from "./compose_apart.ts";
import { type FeedRules, modelFeeds } from "./feeds.ts";
import { labelRows, type TextBatch } from "./text_batch.ts";

/** Sizes of the graph, and what it gives besides the loss. */
export interface LossOptions extends ModelSizes {
  /** Whether answers are read in a pass of their own; then `answer` is their length. */
  readonly apart?: boolean;
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
  const model = options.apart
    ? await composeApart(directory, options)
    : await composeModel(directory, options, [composed.imageFeatures, composed.logits]);
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
 * @param rules What positions and types of tokens depend on, and the placeholder in `input_ids`.
 */
export function lossFeeds(
  model: Model,
  batch: TextBatch,
  rules: FeedRules,
): Record<string, Tensor> {
  const labels = labelRows(batch.labels, batch.decoderInputIds === undefined ? 1 : 0);
  return {
    ...modelFeeds(model, batch, rules),
    ...answerFeeds(model, batch, rules),
    label_index: labels.index,
    label_ids: labels.ids,
  };
}
