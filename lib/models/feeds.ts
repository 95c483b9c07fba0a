/** Makes the inputs of composed graphs other than the pixels. @module */
import type { Dim, Model } from "../onnx/ir/model.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { TokenTypes } from "./families/family.ts";
import { type PositionRules, textPositions } from "./positions.ts";
import { ignoredLabel, positionsOf, type TextBatch } from "./text_batch.ts";

/** What a model's feeds depend on besides the ids. */
export interface FeedRules extends PositionRules {
  readonly tokenTypes?: TokenTypes;
}

/** What to feed a composed model besides the pixels; only inputs that it has are fed. */
export function modelFeeds(
  model: Model,
  batch: TextBatch,
  rules: FeedRules,
): Record<string, Tensor> {
  const texts = { ids: batch.inputIds, mask: batch.attentionMask };
  const feeds: Record<string, (declared: readonly Dim[]) => Tensor | undefined> = {
    input_ids: () => batch.inputIds,
    attention_mask: () => batch.attentionMask,
    position_ids: (declared) => textPositions(declared, texts, rules),
    token_type_ids: () => tokenTypes(batch, rules),
    image_index: () => positionsOf(rules.imageToken, batch.inputIds),
    decoder_input_ids: () => batch.decoderInputIds,
    decoder_attention_mask: () => batch.decoderInputIds && onesLike(batch.decoderInputIds),
    qformer_input_ids: () => batch.qformerIds,
    qformer_attention_mask: () => batch.qformerMask,
  };
  const fed: Record<string, Tensor> = {};
  for (const { name, type } of model.graph.inputs) {
    const declared = type.kind === "tensor" ? type.dims ?? [] : [];
    const value = feeds[name]?.(declared);
    if (value !== undefined) fed[name] = value;
  }
  return fed;
}

function onesLike({ dims, data }: Tensor<"int64">): Tensor<"int64"> {
  return tensor("int64", dims, new BigInt64Array(data.length).fill(1n));
}

/** Type of each token: the answer is where the labels count. */
function tokenTypes(
  { inputIds, labels, decoderInputIds }: TextBatch,
  rules: FeedRules,
): Tensor<"int64"> {
  const noTypes = { image: 0, instruction: 0, answer: 0 };
  const { image, instruction, answer } = rules.tokenTypes ?? noTypes;
  const joined = decoderInputIds === undefined;
  const values = Array.from(inputIds.data as BigInt64Array, (id, i) => {
    if (joined && Number(labels.data[i]) !== ignoredLabel) return answer;
    return Number(id) === rules.imageToken ? image : instruction;
  });
  return tensor("int64", inputIds.dims, BigInt64Array.from(values, BigInt));
}

/** Types of tokens that go on after an instruction. */
export function laterTypes(dims: readonly [number, number], rules: FeedRules): Tensor<"int64"> {
  const data = new BigInt64Array(dims[0] * dims[1]);
  return tensor("int64", dims, data.fill(BigInt(rules.tokenTypes?.answer ?? 0)));
}
