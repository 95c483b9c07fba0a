/** Token ids of a batch as the tensors that the composed graphs read. @module */
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Label of a position that does not count. */
export const ignoredLabel = -100;

/** One row of a batch: an instruction with placeholders, and its answer. */
export interface TextRow {
  readonly instruction: readonly number[];
  /** Ids of the answer; with the end symbol, if it should be learnt. */
  readonly answer: readonly number[];
  readonly qformer?: readonly number[];
  /** Encoder-decoder models: what the decoder has read before the answer; default the start symbol. */
  readonly prompt?: readonly number[];
}

/** Tokens that a decoder reads before an answer, beyond the first. */
export function promptExcess({ prompt }: Pick<TextRow, "prompt">): number {
  return (prompt?.length ?? 1) - 1;
}

/** Ids of a batch, padded on the right. int64. */
export interface TextBatch {
  /** [batch, sequence] */
  readonly inputIds: Tensor<"int64">;
  /** [batch, sequence]: 1 for real positions. */
  readonly attentionMask: Tensor<"int64">;
  /** [batch, sequence]: for encoder-decoder models [batch, answer]. */
  readonly labels: Tensor<"int64">;
  /**
   * [batch, answer]: what the decoder is fed to predict the labels. For encoder-decoder models the
   * labels shifted right; where answers are read apart, all of an answer but its last token.
   */
  readonly decoderInputIds?: Tensor<"int64">;
  /** [batch, length]: for a Q-Former that reads the instruction. */
  readonly qformerIds?: Tensor<"int64">;
  readonly qformerMask?: Tensor<"int64">;
}

/** What padding and shifting need to know. */
export interface BatchOptions {
  readonly padToken: number;
  /** Present for encoder-decoder models. */
  readonly startToken?: number;
  /** Whether answers are read in a pass of their own, on what the instruction left behind. */
  readonly apart?: boolean;
  /** Length to pad the sequence to; default the longest row. */
  readonly length?: number;
  /** Encoder-decoder models: length to pad the answers to; default the longest. */
  readonly answerLength?: number;
  /** Length to pad what the Q-Former reads to; default the longest row. */
  readonly qformerLength?: number;
}

/** Pads rows to a batch for a decoder-only or an encoder-decoder model. */
export function toTextBatch(rows: readonly TextRow[], options: BatchOptions): TextBatch {
  const { padToken, startToken, apart = false } = options;
  const joined = startToken === undefined && !apart;
  const qformer = rows.map((row) => row.qformer ?? []);
  const extra = qformer.some((ids) => ids.length > 0)
    ? {
      qformerIds: pad(qformer, padToken, options.qformerLength),
      qformerMask: pad(qformer.map(ones), 0, options.qformerLength),
    }
    : {};
  const inputs = joined
    ? rows.map((row) => [...row.instruction, ...row.answer])
    : rows.map((row) => row.instruction);
  const labels = joined
    ? rows.map((row) => [...row.instruction.map(() => ignoredLabel), ...row.answer])
    : rows.map((row) => [...new Array(promptExcess(row)).fill(ignoredLabel), ...row.answer]);
  const start = startToken === undefined ? [] : [startToken];
  const shifted = joined ? {} : {
    decoderInputIds: pad(
      rows.map(({ prompt = start, answer }) => [...prompt, ...answer.slice(0, -1)]),
      padToken,
      fedLength(options),
    ),
  };
  return {
    inputIds: pad(inputs, padToken, options.length),
    attentionMask: pad(inputs.map(ones), 0, options.length),
    labels: pad(
      labels,
      ignoredLabel,
      joined ? options.length : options.answerLength,
    ),
    ...shifted,
    ...extra,
  };
}

/** Where answers are read apart their last token is not fed. */
function fedLength({ answerLength = 0, apart = false }: BatchOptions): number {
  return Math.max(0, answerLength - (apart ? 1 : 0));
}

function ones(ids: readonly number[]): readonly number[] {
  return ids.map(() => 1);
}

/** Rows of different lengths as one int64 tensor, padded on the right. */
export function pad(
  rows: readonly (readonly number[])[],
  value: number,
  length = 0,
): Tensor<"int64"> {
  const width = Math.max(length, ...rows.map((row) => row.length));
  const data = new BigInt64Array(rows.length * width).fill(BigInt(value));
  rows.forEach((row, r) => row.forEach((id, i) => data[r * width + i] = BigInt(id)));
  return tensor("int64", [rows.length, width], data);
}

/** Positions that predict a label, counted over the flattened [batch, sequence], and the labels. */
export interface LabelRows {
  readonly index: Tensor<"int64">;
  readonly ids: Tensor<"int64">;
}

/**
 * Finds where a label is predicted.
 *
 * @param shift 1 where position t predicts label t + 1 (decoder-only), 0 where it predicts label t.
 */
export function labelRows(labels: Tensor, shift: 0 | 1): LabelRows {
  const [batch = 0, length = 0] = labels.dims;
  const index: bigint[] = [];
  const ids: bigint[] = [];
  for (let row = 0; row < batch; row++) {
    for (let t = shift; t < length; t++) {
      const id = BigInt(labels.data[row * length + t]!);
      if (id === BigInt(ignoredLabel)) continue;
      index.push(BigInt(row * length + t - shift));
      ids.push(id);
    }
  }
  return {
    index: tensor("int64", [index.length], BigInt64Array.from(index)),
    ids: tensor("int64", [ids.length], BigInt64Array.from(ids)),
  };
}

/** Positions of a token, counted over the flattened ids. */
export function positionsOf(token: number, ids: Tensor): Tensor<"int64"> {
  const found: bigint[] = [];
  ids.data.forEach((id: number | bigint, i: number) => {
    if (BigInt(id) === BigInt(token)) found.push(BigInt(i));
  });
  return tensor("int64", [found.length], BigInt64Array.from(found));
}

/** The mask of each text, `rows` times, then ones for what goes on after it. */
export function joinMasks(
  mask: Tensor,
  { rows, length }: { readonly rows: number; readonly length: number },
): Tensor<"int64"> {
  const [texts = 0, sequence = 0] = mask.dims;
  const width = sequence + length;
  const data = new BigInt64Array(texts * rows * width).fill(1n);
  for (let row = 0; row < texts * rows; row++) {
    const text = Math.floor(row / rows);
    const source = mask.data.subarray(text * sequence, (text + 1) * sequence);
    data.set(source as BigInt64Array, row * width);
  }
  return tensor("int64", [texts * rows, width], data);
}

/** An int64 vector. */
export function indexVector(values: readonly number[]): Tensor<"int64"> {
  return tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
}
