/** The text half of a mini CLIP: mean of token embeddings, then an MLP. @module */
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import type { Model } from "../onnx/ir/model.ts";
import { mlp } from "./layers.ts";
import { type Module, moduleOn, parameter, type WeightSource } from "./module.ts";

/** Sizes of a text tower, in the words of config.json. */
export interface ClipTextSizes {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly projection_dim: number;
}

/** `input_ids`, `attention_mask`: int64 `[texts, tokens]` → `[texts, projection]`, not normalised. */
export function textEmbedding(
  module: Module,
  inputs: { readonly inputIds: Value; readonly attentionMask: Value },
  sizes: ClipTextSizes,
): Value {
  const { builder: b } = module;
  const table = parameter(module, "text_model.embeddings.token_embedding.weight", [
    sizes.vocab_size,
    sizes.hidden_size,
  ], { std: 0.1 });
  const tokens = b.op("Gather", [table, inputs.inputIds], { axis: 0 });
  const mask = b.op("Cast", [inputs.attentionMask], { to: 1 });
  const counted = b.op("Max", [
    b.op("ReduceSum", [mask, b.int64s([1])], { keepdims: 1 }),
    b.scalar(1),
  ]);
  // The mean as a product: [texts, 1, tokens] · [texts, tokens, width].
  const share = b.op("Unsqueeze", [b.op("Div", [mask, counted]), b.int64s([1])]);
  const mean = b.op("Squeeze", [b.op("MatMul", [share, tokens]), b.int64s([1])]);
  return mlp(module, ["text_model.mlp.fc1", "text_projection"], mean, {
    from: sizes.hidden_size,
    hidden: sizes.intermediate_size,
    to: sizes.projection_dim,
    activation: "quick_gelu",
  });
}

/** The published graph: `input_ids`, `attention_mask` → `text_embeds`. */
export function clipText(sizes: ClipTextSizes, weights: WeightSource): Model {
  const builder = new GraphBuilder();
  const dims = ["batch_size", "sequence_length"];
  const inputIds = builder.input("input_ids", "int64", dims);
  const attentionMask = builder.input("attention_mask", "int64", dims);
  const embedding = textEmbedding(moduleOn(builder, weights), { inputIds, attentionMask }, sizes);
  builder.output(embedding, "text_embeds");
  return builder.finish();
}
