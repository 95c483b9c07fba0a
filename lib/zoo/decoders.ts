/** Small language models in three kinds: Llama, OPT and GPT-2. @module */
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import type { Dim, Model } from "../onnx/ir/model.ts";
import { tensor } from "../tensor/tensor.ts";
import {
  activations,
  attend,
  joinHeads,
  layerNorm,
  linear,
  mlp,
  rmsNorm,
  splitHeads,
} from "./layers.ts";
import { type Module, moduleOn, parameter, type WeightSource } from "./module.ts";

/** Kind of a language model, as `text_config.model_type` names it. */
export type DecoderKind = "llama" | "opt" | "gpt2";

/** Sizes of a language model. */
export interface DecoderSizes {
  readonly kind: DecoderKind;
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly max_position_embeddings: number;
}

/** Keys and values of one layer: `[batch, heads, tokens, width / heads]`. */
interface KeysAndValues {
  readonly key: Value;
  readonly value: Value;
}

/** What a decoder reads. `positionIds` is unused by the kinds that derive it from the mask. */
export interface DecoderInputs {
  /** float32 `[batch, tokens, width]`. */
  readonly embeds: Value;
  /** int64 `[batch, past + tokens]`. */
  readonly attentionMask: Value;
  /** int64 `[batch, tokens]`. */
  readonly positionIds?: Value;
  /** Per layer; absent in training. */
  readonly past?: readonly KeysAndValues[];
  /** Flat indices over batch and tokens: the head is applied to these rows only (training). */
  readonly rows?: Value;
}

/** What the layers of a decoder share. */
interface LayerContext {
  readonly sizes: DecoderSizes;
  readonly bias: Value;
  /** Turns queries and keys by their position, where the kind does. */
  readonly rotate?: (x: Value) => Value;
}

interface DecoderRow {
  /** Adds positions to the embeddings, or prepares their rotation. */
  position(module: Module, inputs: DecoderInputs, sizes: DecoderSizes): {
    readonly embeds: Value;
    readonly rotate?: (x: Value) => Value;
  };
  readonly prefix: string;
  readonly names: {
    readonly attention: string;
    readonly norms: readonly [string, string];
    readonly finalNorm: string;
  };
  readonly bias: boolean;
  norm(module: Module, name: string, x: Value, width: number): Value;
  feedForward(module: Module, name: string, x: Value, sizes: DecoderSizes): Value;
}

/** 0 where a query may see a key, −3.4·10³⁸ elsewhere: `[batch, 1, tokens, past + tokens]`. */
function causalBias(b: GraphBuilder, embeds: Value, attentionMask: Value): Value {
  const scalarDim = (x: Value) => b.op("Squeeze", [b.op("Shape", [x], { start: 1, end: 2 })]);
  const [tokens, total] = [scalarDim(embeds), scalarDim(attentionMask)];
  const [zero, one] = [b.scalar(0, "int64"), b.scalar(1, "int64")];
  const keys = b.op("Range", [zero, total, one]);
  const queries = b.op("Range", [b.op("Sub", [total, tokens]), total, one]);
  const causal = b.op("LessOrEqual", [keys, b.op("Unsqueeze", [queries, b.int64s([1])])]);
  const shown = b.op("Unsqueeze", [b.op("Cast", [attentionMask], { to: 9 }), b.int64s([1, 2])]);
  const visible = b.op("And", [causal, shown]);
  return b.op("Where", [visible, b.scalar(0), b.scalar(-3.4028234663852886e38)]);
}

/** Rotary position embedding (arXiv 2104.09864) in the half-split layout of Llama. */
function rotary(module: Module, inputs: DecoderInputs, sizes: DecoderSizes): (x: Value) => Value {
  const { builder: b } = module;
  const half = sizes.hidden_size / sizes.num_attention_heads / 2;
  const rates = Float32Array.from({ length: half }, (_, i) => 10000 ** (-i / half));
  const position = b.op("Cast", [b.op("Unsqueeze", [inputs.positionIds!, b.int64s([1, 3])])], {
    to: 1,
  });
  const angles = b.op("Mul", [position, b.constant(tensor("float32", [1, 1, 1, half], rates))]);
  const both = b.op("Concat", [angles, angles], { axis: -1 });
  const [cos, sin] = [b.op("Cos", [both]), b.op("Sin", [both])];
  const part = (x: Value, from: number, to: number) =>
    b.op("Slice", [x, b.int64s([from]), b.int64s([to]), b.int64s([3])]);
  return (x) => {
    const turned = b.op("Concat", [b.op("Neg", [part(x, half, 2 * half)]), part(x, 0, half)], {
      axis: -1,
    });
    return b.op("Add", [b.op("Mul", [x, cos]), b.op("Mul", [turned, sin])]);
  };
}

/** Learned positions; `ids` are int64 `[batch, tokens]`. */
function learnedPositions(
  module: Module,
  name: string,
  embeds: Value,
  table: { readonly ids: Value; readonly rows: number; readonly width: number },
): Value {
  const { builder: b } = module;
  const weight = parameter(module, name, [table.rows, table.width]);
  return b.op("Add", [embeds, b.op("Gather", [weight, table.ids], { axis: 0 })]);
}

/** OPT's positions: the running count of visible tokens, plus 1 (a row offset of 2, from −1). */
function countedPositions(b: GraphBuilder, inputs: DecoderInputs): Value {
  const mask = inputs.attentionMask;
  const counted = b.op("Mul", [b.op("CumSum", [mask, b.scalar(1, "int64")]), mask]);
  const ids = b.op("Add", [counted, b.scalar(1, "int64")]);
  if (inputs.past === undefined) return ids;
  const past = b.op("Shape", [inputs.past[0]!.key], { start: 2, end: 3 });
  return b.op("Slice", [ids, past, b.int64s([Number.MAX_SAFE_INTEGER]), b.int64s([1])]);
}

/** down(silu(gate) · up). */
function gatedFeedForward(module: Module, name: string, x: Value, sizes: DecoderSizes): Value {
  const { builder: b } = module;
  const { hidden_size: width, intermediate_size: hidden } = sizes;
  const up = (part: string) =>
    linear(module, `${name}.mlp.${part}`, x, { from: width, to: hidden, bias: false });
  const inner = b.op("Mul", [activations.silu(b, up("gate_proj")), up("up_proj")]);
  return linear(module, `${name}.mlp.down_proj`, inner, {
    from: hidden,
    to: width,
    bias: false,
    std: outputStd(hidden, sizes),
  });
}

/** Residual branches start small: 1/√(in · 2 · depth). */
export function outputStd(
  from: number,
  { num_hidden_layers: depth }: Pick<DecoderSizes, "num_hidden_layers">,
): number {
  return (from * 2 * depth) ** -0.5;
}

function plainFeedForward(names: readonly [string, string], activation: "relu" | "gelu") {
  return (module: Module, name: string, x: Value, sizes: DecoderSizes): Value =>
    mlp(module, [`${name}.${names[0]}`, `${name}.${names[1]}`], x, {
      from: sizes.hidden_size,
      hidden: sizes.intermediate_size,
      to: sizes.hidden_size,
      activation,
      std: outputStd(sizes.intermediate_size, sizes),
    });
}

const decoders: Readonly<Record<DecoderKind, DecoderRow>> = {
  llama: {
    position: (module, inputs, sizes) => ({
      embeds: inputs.embeds,
      rotate: rotary(module, inputs, sizes),
    }),
    prefix: "model.layers",
    names: {
      attention: "self_attn",
      norms: ["input_layernorm", "post_attention_layernorm"],
      finalNorm: "model.norm",
    },
    bias: false,
    norm: rmsNorm,
    feedForward: gatedFeedForward,
  },
  opt: {
    position: (module, inputs, sizes) => ({
      embeds: learnedPositions(module, "model.decoder.embed_positions.weight", inputs.embeds, {
        ids: countedPositions(module.builder, inputs),
        rows: sizes.max_position_embeddings + 2,
        width: sizes.hidden_size,
      }),
    }),
    prefix: "model.decoder.layers",
    names: {
      attention: "self_attn",
      norms: ["self_attn_layer_norm", "final_layer_norm"],
      finalNorm: "model.decoder.final_layer_norm",
    },
    bias: true,
    norm: layerNorm,
    feedForward: plainFeedForward(["fc1", "fc2"], "relu"),
  },
  gpt2: {
    position: (module, inputs, sizes) => ({
      embeds: learnedPositions(module, "transformer.wpe.weight", inputs.embeds, {
        ids: inputs.positionIds!,
        rows: sizes.max_position_embeddings,
        width: sizes.hidden_size,
      }),
    }),
    prefix: "transformer.h",
    names: { attention: "attn", norms: ["ln_1", "ln_2"], finalNorm: "transformer.ln_f" },
    bias: true,
    norm: layerNorm,
    feedForward: plainFeedForward(["mlp.c_fc", "mlp.c_proj"], "gelu"),
  },
};

/** Whether a kind reads `position_ids`, or derives them from the attention mask. */
export function readsPositions(kind: DecoderKind): boolean {
  return kind !== "opt";
}

/** Causal self attention; returns its keys and values too, past ones first. */
function selfAttention(
  module: Module,
  name: string,
  x: Value,
  context: LayerContext & { readonly past?: KeysAndValues },
): { readonly output: Value; readonly present: KeysAndValues } {
  const { builder: b } = module;
  const { sizes, bias, rotate = (value: Value) => value, past } = context;
  const { hidden_size: width, num_attention_heads: heads, kind } = sizes;
  const project = (part: string) =>
    splitHeads(
      b,
      linear(module, `${name}.${part}`, x, { from: width, to: width, bias: decoders[kind].bias }),
      heads,
      width,
    );
  const query = rotate(project("q_proj"));
  const grow = (before: Value | undefined, value: Value) =>
    before === undefined ? value : b.op("Concat", [before, value], { axis: 2 });
  const present = {
    key: grow(past?.key, rotate(project("k_proj"))),
    value: grow(past?.value, project("v_proj")),
  };
  const mixed = attend(b, query, present.key, present.value, {
    headWidth: width / heads,
    mask: bias,
  });
  const output = linear(module, `${name}.out_proj`, joinHeads(b, mixed, width), {
    from: width,
    to: width,
    bias: decoders[kind].bias,
    std: outputStd(width, sizes),
  });
  return { output, present };
}

/**
 * Appends a decoder. The head shares its weights with the token embeddings.
 *
 * @returns `logits`: `[batch, tokens, vocabulary]`, or `[rows, vocabulary]` where `rows` is given;
 * `present`: keys and values of each layer
 */
export function decoder(
  module: Module,
  inputs: DecoderInputs,
  sizes: DecoderSizes,
): { readonly logits: Value; readonly present: readonly KeysAndValues[] } {
  const { builder: b } = module;
  const row = decoders[sizes.kind];
  const width = sizes.hidden_size;
  const { embeds, rotate } = row.position(module, inputs, sizes);
  const bias = causalBias(b, inputs.embeds, inputs.attentionMask);
  const present: KeysAndValues[] = [];
  let x = embeds;
  for (let i = 0; i < sizes.num_hidden_layers; i++) {
    const name = `${row.prefix}.${i}`;
    const past = inputs.past?.[i];
    const normed = row.norm(module, `${name}.${row.names.norms[0]}`, x, width);
    const mixed = selfAttention(module, `${name}.${row.names.attention}`, normed, {
      sizes,
      bias,
      ...(rotate === undefined ? {} : { rotate }),
      ...(past === undefined ? {} : { past }),
    });
    present.push(mixed.present);
    x = b.op("Add", [x, mixed.output]);
    const inner = row.norm(module, `${name}.${row.names.norms[1]}`, x, width);
    x = b.op("Add", [x, row.feedForward(module, name, inner, sizes)]);
  }
  if (inputs.rows !== undefined) {
    x = b.op("Gather", [b.op("Reshape", [x, b.int64s([-1, width])]), inputs.rows], { axis: 0 });
  }
  const normed = row.norm(module, row.names.finalNorm, x, width);
  const head = b.op("Transpose", [tokenTable(module, sizes)], { perm: [1, 0] });
  return { logits: b.op("MatMul", [normed, head]), present };
}

/** Sizes of the token embeddings. */
export type TokenTableSizes = Pick<DecoderSizes, "vocab_size" | "hidden_size">;

/** The token embeddings, `[vocabulary, width]`. */
export function tokenTable(module: Module, sizes: TokenTableSizes): Value {
  return parameter(module, "embed_tokens.weight", [sizes.vocab_size, sizes.hidden_size], {
    std: 0.05,
  });
}

/** Appends the embedding of tokens: int64 `[batch, tokens]` → `[batch, tokens, width]`. */
export function embedTokens(module: Module, inputIds: Value, sizes: TokenTableSizes): Value {
  return module.builder.op("Gather", [tokenTable(module, sizes), inputIds], { axis: 0 });
}

/** The published graph `input_ids` → `inputs_embeds`. */
export function embedTokensModel(sizes: TokenTableSizes, weights: WeightSource): Model {
  const builder = new GraphBuilder();
  const inputIds = builder.input("input_ids", "int64", ["batch_size", "sequence_length"]);
  builder.output(embedTokens(moduleOn(builder, weights), inputIds, sizes), "inputs_embeds");
  return builder.finish();
}

/** The published decoder with its cache: `inputs_embeds`, `attention_mask`, … → `logits`, `present.*`. */
export function decoderModel(sizes: DecoderSizes, weights: WeightSource): Model {
  const builder = new GraphBuilder();
  const { hidden_size: width, num_attention_heads: heads } = sizes;
  const sequence = ["batch_size", "sequence_length"] as const;
  const embeds = builder.input("inputs_embeds", "float32", [...sequence, width]);
  const attentionMask = builder.input("attention_mask", "int64", [
    "batch_size",
    "total_sequence_length",
  ]);
  const positions = readsPositions(sizes.kind)
    ? { positionIds: builder.input("position_ids", "int64", sequence) }
    : {};
  const cache: Dim[] = ["batch_size", heads, "past_sequence_length", width / heads];
  const past = Array.from({ length: sizes.num_hidden_layers }, (_, i) => ({
    key: builder.input(`past_key_values.${i}.key`, "float32", cache),
    value: builder.input(`past_key_values.${i}.value`, "float32", cache),
  }));
  const inputs = { embeds, attentionMask, ...positions, past };
  const { logits, present } = decoder(moduleOn(builder, weights), inputs, sizes);
  builder.output(logits, "logits");
  for (const [i, { key, value }] of present.entries()) {
    builder.output(key, `present.${i}.key`);
    builder.output(value, `present.${i}.value`);
  }
  return builder.finish();
}
