/**
 * A small T5: an encoder that reads the image and the instruction, a decoder that answers
 * (arXiv 1910.10683; gated feed-forward of arXiv 2002.05202, as in Flan-T5).
 *
 * @module
 */
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import type { Dim, Model } from "../onnx/ir/model.ts";
import { tensor } from "../tensor/tensor.ts";
import { type DecoderSizes, outputStd, tokenTable } from "./decoders.ts";
import { activations, attend, joinHeads, linear, rmsNorm, splitHeads } from "./layers.ts";
import { type Module, moduleOn, parameter, type WeightSource } from "./module.ts";

/** Sizes of an encoder and a decoder, which have as many layers each. */
export interface EncoderDecoderSizes extends Omit<DecoderSizes, "kind"> {
  readonly kind: "t5";
}

/** Whether a language model has an encoder. */
export function isEncoderDecoder(
  sizes: DecoderSizes | EncoderDecoderSizes,
): sizes is EncoderDecoderSizes {
  return sizes.kind === "t5";
}

/** Buckets of relative positions, and the distance from which all share the last one. */
export const relativePositions = { buckets: 32, maxDistance: 128 } as const;

/** The bucket of key position − query position, as T5 counts them. */
export function relativeBucket(offset: number, bidirectional: boolean): number {
  const { maxDistance } = relativePositions;
  const buckets = bidirectional ? relativePositions.buckets / 2 : relativePositions.buckets;
  const side = bidirectional && offset > 0 ? buckets : 0;
  const distance = bidirectional ? Math.abs(offset) : Math.max(0, -offset);
  const exact = buckets / 2;
  if (distance < exact) return side + distance;
  const far = Math.log(distance / exact) / Math.log(maxDistance / exact) * (buckets - exact);
  return side + Math.min(buckets - 1, exact + Math.floor(far));
}

/** Number of rows of a sequence, as a scalar. */
function lengthOf(b: GraphBuilder, x: Value, axis: number): Value {
  return b.op("Squeeze", [b.op("Shape", [x], { start: axis, end: axis + 1 })]);
}

/** Which positions a block of queries and its keys have: int64 `[queries]`, `[keys]`. */
interface Positions {
  readonly queries: Value;
  readonly keys: Value;
}

function positionsOf(b: GraphBuilder, tokens: Value, past: Value | undefined): Positions {
  const [zero, one] = [b.scalar(0, "int64"), b.scalar(1, "int64")];
  const before = past === undefined ? zero : past;
  const total = b.op("Add", [before, tokens]);
  return { queries: b.op("Range", [before, total, one]), keys: b.op("Range", [zero, total, one]) };
}

/** key position − query position: int64 `[queries, keys]`. */
function offsetsOf(b: GraphBuilder, { queries, keys }: Positions): Value {
  return b.op("Sub", [keys, b.op("Unsqueeze", [queries, b.int64s([1])])]);
}

/** Learned bias of each head by relative position: `[1, heads, queries, keys]`. */
function positionBias(
  module: Module,
  stack: Stack,
  offsets: Value,
  sizes: EncoderDecoderSizes,
): Value {
  const { builder: b } = module;
  const { buckets, maxDistance } = relativePositions;
  // Every offset beyond ±127 has the bucket of ±127, so a table of these is exact.
  const limit = maxDistance - 1;
  const table = BigInt64Array.from(
    { length: 2 * limit + 1 },
    (_, i) => BigInt(relativeBucket(i - limit, stack === "encoder")),
  );
  const bounded = b.op("Clip", [offsets, b.scalar(-limit, "int64"), b.scalar(limit, "int64")]);
  const places = b.op("Add", [bounded, b.scalar(limit, "int64")]);
  const bucketOf = b.op("Gather", [b.constant(tensor("int64", [table.length], table)), places]);
  const name = `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`;
  const learned = parameter(module, name, [buckets, sizes.num_attention_heads], { std: 0.05 });
  const bias = b.op("Gather", [learned, bucketOf], { axis: 0 });
  return b.op("Unsqueeze", [b.op("Transpose", [bias], { perm: [2, 0, 1] }), b.int64s([0])]);
}

type Stack = "encoder" | "decoder";

const hidden = -3.4028234663852886e38;

/** 0 where the mask is 1, the lowest number elsewhere: `[batch, keys]` → `[batch, 1, 1, keys]`. */
function maskBias(b: GraphBuilder, mask: Value): Value {
  const shown = b.op("Unsqueeze", [b.op("Cast", [mask], { to: 9 }), b.int64s([1, 2])]);
  return b.op("Where", [shown, b.scalar(0), b.scalar(hidden)]);
}

/** Keys and values of one layer: `[batch, heads, tokens, width / heads]`. */
interface KeysAndValues {
  readonly key: Value;
  readonly value: Value;
}

/** Attention without biases and without a scale: the initial weights of the queries hold it. */
function t5Attention(
  module: Module,
  name: string,
  x: Value,
  context: {
    readonly sizes: EncoderDecoderSizes;
    readonly bias: Value;
    readonly memory?: Value;
    readonly past?: KeysAndValues;
  },
): { readonly output: Value; readonly present: KeysAndValues } {
  const { builder: b } = module;
  const { sizes, bias, memory = x, past } = context;
  const { hidden_size: width, num_attention_heads: heads } = sizes;
  const project = (part: string, from: Value, std: number) =>
    splitHeads(
      b,
      linear(module, `${name}.${part}`, from, { from: width, to: width, bias: false, std }),
      heads,
      width,
    );
  const grow = (before: Value | undefined, value: Value) =>
    before === undefined ? value : b.op("Concat", [before, value], { axis: 2 });
  const std = width ** -0.5;
  const query = project("q", x, std * (width / heads) ** -0.5);
  const present = {
    key: grow(past?.key, project("k", memory, std)),
    value: grow(past?.value, project("v", memory, std)),
  };
  const mixed = joinHeads(b, attend(b, query, present.key, present.value, { mask: bias }), width);
  const output = linear(module, `${name}.o`, mixed, {
    from: width,
    to: width,
    bias: false,
    std: outputStd(width, sizes),
  });
  return { output, present };
}

/** wo(gelu(wi_0) · wi_1), with its norm and its residual. */
function feedForward(module: Module, name: string, x: Value, sizes: EncoderDecoderSizes): Value {
  const { builder: b } = module;
  const { hidden_size: width, intermediate_size: inner } = sizes;
  const normed = rmsNorm(module, `${name}.layer_norm`, x, width);
  const up = (part: string) =>
    linear(module, `${name}.DenseReluDense.${part}`, normed, {
      from: width,
      to: inner,
      bias: false,
    });
  const gated = b.op("Mul", [activations.gelu_new(b, up("wi_0")), up("wi_1")]);
  const change = linear(module, `${name}.DenseReluDense.wo`, gated, {
    from: inner,
    to: width,
    bias: false,
    std: outputStd(inner, sizes),
  });
  return b.op("Add", [x, change]);
}

/**
 * Appends the encoder.
 *
 * @param inputs `embeds` `[batch, tokens, width]`, `mask` int64 `[batch, tokens]`
 * @returns `[batch, tokens, width]`
 */
export function t5Encoder(
  module: Module,
  inputs: { readonly embeds: Value; readonly mask: Value },
  sizes: EncoderDecoderSizes,
): Value {
  const { builder: b } = module;
  const width = sizes.hidden_size;
  const offsets = offsetsOf(b, positionsOf(b, lengthOf(b, inputs.embeds, 1), undefined));
  const bias = b.op("Add", [
    positionBias(module, "encoder", offsets, sizes),
    maskBias(b, inputs.mask),
  ]);
  let x = inputs.embeds;
  for (let i = 0; i < sizes.num_hidden_layers; i++) {
    const name = `encoder.block.${i}.layer`;
    const normed = rmsNorm(module, `${name}.0.layer_norm`, x, width);
    const { output } = t5Attention(module, `${name}.0.SelfAttention`, normed, { sizes, bias });
    x = feedForward(module, `${name}.1`, b.op("Add", [x, output]), sizes);
  }
  return rmsNorm(module, "encoder.final_layer_norm", x, width);
}

/** What the decoder reads. */
export interface T5DecoderInputs {
  /** float32 `[batch, tokens, width]`. */
  readonly embeds: Value;
  /** The encoder's states, `[batch, encoded, width]`. */
  readonly states: Value;
  /** int64 `[batch, encoded]`. */
  readonly statesMask: Value;
  /** Per layer; absent in training. */
  readonly past?: readonly KeysAndValues[];
  /** Flat indices over batch and tokens: the head is applied to these rows only (training). */
  readonly rows?: Value;
}

/** Bias by relative position, and none but earlier positions. */
function causalPositionBias(
  module: Module,
  { embeds, past }: T5DecoderInputs,
  sizes: EncoderDecoderSizes,
): Value {
  const { builder: b } = module;
  const before = past === undefined ? undefined : lengthOf(b, past[0]!.key, 2);
  const offsets = offsetsOf(b, positionsOf(b, lengthOf(b, embeds, 1), before));
  const seen = b.op("LessOrEqual", [offsets, b.scalar(0, "int64")]);
  const causal = b.op("Where", [seen, b.scalar(0), b.scalar(hidden)]);
  return b.op("Add", [positionBias(module, "decoder", offsets, sizes), causal]);
}

/**
 * Appends the decoder. The head shares its weights with the token embeddings.
 *
 * @returns `logits`: `[batch, tokens, vocabulary]`, or `[rows, vocabulary]` where `rows` is given;
 * `present`: keys and values of each layer's self attention
 */
export function t5Decoder(
  module: Module,
  inputs: T5DecoderInputs,
  sizes: EncoderDecoderSizes,
): { readonly logits: Value; readonly present: readonly KeysAndValues[] } {
  const { builder: b } = module;
  const width = sizes.hidden_size;
  const bias = causalPositionBias(module, inputs, sizes);
  const cross = { sizes, bias: maskBias(b, inputs.statesMask), memory: inputs.states };
  const present: KeysAndValues[] = [];
  let x = inputs.embeds;
  for (let i = 0; i < sizes.num_hidden_layers; i++) {
    const name = `decoder.block.${i}.layer`;
    const past = inputs.past?.[i];
    const norm = (layer: number) => rmsNorm(module, `${name}.${layer}.layer_norm`, x, width);
    const self = t5Attention(module, `${name}.0.SelfAttention`, norm(0), {
      sizes,
      bias,
      ...(past === undefined ? {} : { past }),
    });
    present.push(self.present);
    x = b.op("Add", [x, self.output]);
    const read = t5Attention(module, `${name}.1.EncDecAttention`, norm(1), cross);
    x = feedForward(module, `${name}.2`, b.op("Add", [x, read.output]), sizes);
  }
  if (inputs.rows !== undefined) {
    x = b.op("Gather", [b.op("Reshape", [x, b.int64s([-1, width])]), inputs.rows], { axis: 0 });
  }
  const normed = rmsNorm(module, "decoder.final_layer_norm", x, width);
  const head = b.op("Transpose", [tokenTable(module, sizes)], { perm: [1, 0] });
  return { logits: b.op("MatMul", [normed, head]), present };
}

/** The published graph `inputs_embeds`, `attention_mask` → `last_hidden_state`. */
export function t5EncoderModel(sizes: EncoderDecoderSizes, weights: WeightSource): Model {
  const builder = new GraphBuilder();
  const dims = ["batch_size", "encoder_sequence_length"] as const;
  const embeds = builder.input("inputs_embeds", "float32", [...dims, sizes.hidden_size]);
  const mask = builder.input("attention_mask", "int64", dims);
  const states = t5Encoder(moduleOn(builder, weights), { embeds, mask }, sizes);
  builder.output(states, "last_hidden_state");
  return builder.finish();
}

/**
 * The published decoder: `inputs_embeds`, `encoder_hidden_states`, `encoder_attention_mask`,
 * `past_key_values.*.decoder.*` → `logits`, `present.*`. Keys and values of the cross attention
 * are computed in every run.
 */
export function t5DecoderModel(sizes: EncoderDecoderSizes, weights: WeightSource): Model {
  const builder = new GraphBuilder();
  const { hidden_size: width, num_attention_heads: heads } = sizes;
  const encoded = ["batch_size", "encoder_sequence_length"] as const;
  const embeds = builder.input("inputs_embeds", "float32", [
    "batch_size",
    "sequence_length",
    width,
  ]);
  const states = builder.input("encoder_hidden_states", "float32", [...encoded, width]);
  const statesMask = builder.input("encoder_attention_mask", "int64", encoded);
  const cache: Dim[] = ["batch_size", heads, "past_sequence_length", width / heads];
  const past = Array.from({ length: sizes.num_hidden_layers }, (_, i) => ({
    key: builder.input(`past_key_values.${i}.decoder.key`, "float32", cache),
    value: builder.input(`past_key_values.${i}.decoder.value`, "float32", cache),
  }));
  const inputs = { embeds, states, statesMask, past };
  const { logits, present } = t5Decoder(moduleOn(builder, weights), inputs, sizes);
  builder.output(logits, "logits");
  for (const [i, { key, value }] of present.entries()) {
    builder.output(key, `present.${i}.decoder.key`);
    builder.output(value, `present.${i}.decoder.value`);
  }
  return builder.finish();
}
