/**
 * The connectors: they turn the vision encoder's tokens into rows among a language model's
 * embeddings.
 *
 * @module
 */
import type { Value } from "../onnx/build/builder.ts";
import { joinNeighbours } from "./convnext.ts";
import { attention, layerNorm, linear, mlp, repeatTokens } from "./layers.ts";
import { type Module, parameter } from "./module.ts";
import type { TokenLayout } from "./vision_encoder.ts";

/** Sizes of a Q-Former, in the words of config.json. */
export interface QFormerSizes {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_query_tokens: number;
  /** Size of the vocabulary, where the queries read the instruction too. */
  readonly vocab_size?: number;
  readonly max_position_embeddings?: number;
}

/** The instruction, for a Q-Former that reads it: int64 `[batch, tokens]` each. */
export interface Instruction {
  readonly inputIds: Value;
  readonly attentionMask: Value;
}

/** 0 where the mask is 1 and −10⁴ where it is 0: `[batch, tokens]` → `[batch, 1, 1, tokens]`. */
function paddingBias(module: Module, mask: Value): Value {
  const { builder: b } = module;
  const away = b.op("Sub", [b.op("Cast", [mask], { to: 1 }), b.scalar(1)]);
  return b.op("Unsqueeze", [b.op("Mul", [away, b.scalar(1e4)]), b.int64s([1, 2])]);
}

/** The instruction's embeddings after the queries, and the bias that hides its padding. */
function readInstruction(
  module: Module,
  queries: Value,
  instruction: Instruction,
  sizes: QFormerSizes,
): { readonly rows: Value; readonly mask: Value } {
  const { builder: b } = module;
  const { hidden_size: width, num_query_tokens: count } = sizes;
  const { vocab_size: vocabulary = 0, max_position_embeddings: positions = 64 } = sizes;
  const words = parameter(
    module,
    "qformer.embeddings.word_embeddings.weight",
    [vocabulary, width],
    { std: 0.1 },
  );
  const places = parameter(module, "qformer.embeddings.position_embeddings.weight", [
    positions,
    width,
  ]);
  const length = b.op("Shape", [instruction.inputIds], { start: 1, end: 2 });
  const embedded = b.op("Add", [
    b.op("Gather", [words, instruction.inputIds], { axis: 0 }),
    b.op("Slice", [places, b.int64s([0]), length, b.int64s([0])]),
  ]);
  const batch = b.op("Shape", [instruction.inputIds], { start: 0, end: 1 });
  const all = b.op("Expand", [
    b.scalar(1, "int64"),
    b.op("Concat", [batch, b.int64s([count])], { axis: 0 }),
  ]);
  const mask = b.op("Concat", [all, instruction.attentionMask], { axis: 1 });
  return {
    rows: b.op("Concat", [queries, embedded], { axis: 1 }),
    mask: paddingBias(module, mask),
  };
}

/** Self attention, cross attention to the vision tokens, MLP, all pre-norm. */
function qformerLayer(
  module: Module,
  name: string,
  x: Value,
  options: {
    readonly sizes: QFormerSizes;
    readonly memory: Value;
    readonly memoryWidth: number;
    readonly mask?: Value;
  },
): Value {
  const { builder: b } = module;
  const { hidden_size: width, num_attention_heads: heads, intermediate_size: hidden } =
    options.sizes;
  const { memory, memoryWidth, mask } = options;
  const self = attention(
    module,
    `${name}.attention`,
    layerNorm(module, `${name}.layer_norm1`, x, width),
    {
      width,
      heads,
      ...(mask === undefined ? {} : { mask }),
    },
  );
  const y = b.op("Add", [x, self]);
  const cross = attention(
    module,
    `${name}.crossattention`,
    layerNorm(module, `${name}.layer_norm2`, y, width),
    { width, heads, memory, memoryWidth },
  );
  const z = b.op("Add", [y, cross]);
  const change = mlp(
    module,
    [`${name}.intermediate_query.dense`, `${name}.output_query.dense`],
    layerNorm(module, `${name}.layer_norm3`, z, width),
    { from: width, hidden, to: width, activation: "gelu" },
  );
  return b.op("Add", [z, change]);
}

/**
 * A Q-Former (arXiv 2301.12597): learned queries that read the vision tokens through cross
 * attention, with the instruction beside them where it is given (arXiv 2305.06500).
 * `[batch, tokens, memoryWidth]` → `[batch, queries, width]`.
 */
export function qformer(
  module: Module,
  memory: Value,
  sizes: QFormerSizes,
  options: { readonly memoryWidth: number; readonly instruction?: Instruction },
): Value {
  const { builder: b } = module;
  const { hidden_size: width, num_query_tokens: tokens } = sizes;
  const queries = repeatTokens(module, "query_tokens", memory, { tokens, width, std: 0.1 });
  const { rows, mask } = options.instruction
    ? readInstruction(module, queries, options.instruction, sizes)
    : { rows: queries };
  let x = rows;
  for (let i = 0; i < sizes.num_hidden_layers; i++) {
    x = qformerLayer(module, `qformer.encoder.layer.${i}`, x, {
      sizes,
      memory,
      memoryWidth: options.memoryWidth,
      ...(mask === undefined ? {} : { mask }),
    });
  }
  if (options.instruction) {
    x = b.op("Slice", [x, b.int64s([0]), b.int64s([tokens]), b.int64s([1])]);
  }
  return layerNorm(module, "qformer.layernorm", x, width);
}

/** What a projector makes of an encoder's places. */
export interface ProjectorSizes {
  readonly layout: TokenLayout;
  /** Width of the language model. */
  readonly to: number;
}

/** Whether 2×2 neighbours are joined: a map without a class token has been made smaller on its way. */
function joins({ first, side }: TokenLayout): boolean {
  return first > 0 && side % 2 === 0;
}

/**
 * The places of an encoder without a class token: `[batch, tokens, width]` →
 * `[batch, (side/2)², 4·width]` where neighbours are joined, and elsewhere `[batch, side², width]`.
 */
function places(
  { builder: b }: Module,
  tokens: Value,
  layout: TokenLayout,
): { readonly rows: Value; readonly from: number } {
  const { first, side, width } = layout;
  if (first === 0) return { rows: tokens, from: width };
  const all = [b.int64s([1]), b.int64s([1 + side ** 2]), b.int64s([1])];
  const patches = b.op("Slice", [tokens, ...all]);
  if (!joins(layout)) return { rows: patches, from: width };
  return { rows: joinNeighbours(b, patches, side, width), from: 4 * width };
}

/** Number of rows that a projector gives. */
export function placeCount(layout: TokenLayout): number {
  return layout.side ** 2 / (joins(layout) ? 4 : 1);
}

/** A linear projection of the encoder's places. */
export function linearProjector(
  module: Module,
  tokens: Value,
  sizes: ProjectorSizes & { readonly name?: string },
): Value {
  const { rows, from } = places(module, tokens, sizes.layout);
  const name = sizes.name ?? "multi_modal_projector.linear";
  return linear(module, name, rows, { from, to: sizes.to });
}

/** A two-layer MLP on the encoder's places, as LLaVA 1.5 has it (arXiv 2310.03744). */
export function mlpProjector(
  module: Module,
  tokens: Value,
  sizes: ProjectorSizes & { readonly hidden: number },
): Value {
  const { rows, from } = places(module, tokens, sizes.layout);
  return mlp(module, ["multi_modal_projector.linear_1", "multi_modal_projector.linear_2"], rows, {
    from,
    hidden: sizes.hidden,
    to: sizes.to,
    activation: "gelu",
  });
}
