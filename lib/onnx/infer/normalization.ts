/** Rules of normalisations, recurrent layers, losses and quantisation. @module */
import { dtypeOfDataType } from "../ir/data_type.ts";
import { unknownDim } from "../ir/dim.ts";
import { type InferRule, type OpRow, typed } from "./context.ts";
import { normalizeAxis } from "../ir/axis.ts";
import { rows, sameAsInput } from "./elementwise.ts";

const batchNormalization: InferRule = (c) => [c.type(0), c.type(3), c.type(4)];

/** Outputs: the normalised input, and means and inverse deviations with the reduced axes as 1. */
export const layerNormalization: InferRule = (c) => {
  const dims = c.dims(0);
  const axis = dims && normalizeAxis(c.int("axis", -1), dims.length);
  const statistics = dims?.map((d, i) => i < axis! ? d : 1);
  const stash = dtypeOfDataType(c.int("stash_type", 1));
  return [c.type(0), typed(stash, statistics), typed(stash, statistics)];
};

/** LSTM, GRU and RNN: all states, the last hidden state and the last cell. */
const recurrent: InferRule = (c) => {
  const x = c.dims(0);
  const hidden = c.attribute("hidden_size", "int") ?? unknownDim();
  const directions = c.text("direction", "forward") === "bidirectional" ? 2 : 1;
  const batchFirst = c.int("layout", 0) === 1;
  const length = x?.[batchFirst ? 1 : 0] ?? unknownDim();
  const batch = x?.[batchFirst ? 0 : 1] ?? unknownDim();
  const all = batchFirst
    ? [batch, length, directions, hidden]
    : [length, directions, batch, hidden];
  const last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  return [typed(c.dtype(0), all), typed(c.dtype(0), last), typed(c.dtype(0), last)];
};

const negativeLogLikelihood: InferRule = (c) => {
  const dims = c.text("reduction", "mean") === "none" ? c.dims(1) : [];
  return [typed(c.dtype(0), dims), c.type(0)];
};

const dequantize: InferRule = (c) => [typed(c.dtype(1), c.dims(0))];

const quantize: InferRule = (c) => {
  const to = c.int("output_dtype", 0);
  const dtype = to !== 0 ? dtypeOfDataType(to) : c.has(2) ? c.dtype(2) : "uint8";
  return [typed(dtype, c.dims(0))];
};

const dynamicQuantize: InferRule = (c) => [
  typed("uint8", c.dims(0)),
  typed("float32", []),
  typed("uint8", []),
];

/** Operators of ai.onnx that normalise, recur, or quantise. */
export const normalizationRows: Readonly<Record<string, OpRow>> = {
  BatchNormalization: { infer: batchNormalization },
  ...rows({ infer: layerNormalization }, "LayerNormalization", "SimplifiedLayerNormalization"),
  RMSNormalization: { infer: sameAsInput },
  ...rows({ infer: recurrent }, "LSTM", "GRU", "RNN"),
  NegativeLogLikelihoodLoss: { infer: (c) => negativeLogLikelihood(c).slice(0, 1) },
  SoftmaxCrossEntropyLoss: { infer: negativeLogLikelihood },
  DequantizeLinear: { infer: dequantize },
  QuantizeLinear: { infer: quantize },
  DynamicQuantizeLinear: { infer: dynamicQuantize },
  Det: { infer: (c) => [typed(c.dtype(0), c.dims(0)?.slice(0, -2))] },
  Unique: {
    infer: (c) => {
      const axis = c.attribute("axis", "int");
      const dims = axis === undefined
        ? [unknownDim()]
        : c.dims(0)?.map((d, i) => i === normalizeAxis(axis, c.rank(0)!) ? unknownDim() : d);
      const indices = typed("int64", [unknownDim()]);
      return [typed(c.dtype(0), dims), indices, indices, indices];
    },
  },
  NonMaxSuppression: { infer: () => [typed("int64", [unknownDim(), 3])] },
};
