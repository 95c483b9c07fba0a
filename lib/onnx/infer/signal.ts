/** Rules of operators on signals and strings. @module */
import { dtypeOfDataType } from "../ir/data_type.ts";
import { addDims, divideDims, multiplyDims, subtractDims, unknownDim } from "../ir/dim.ts";
import { type InferRule, type OpRow, typed } from "./context.ts";
import { normalizeAxis } from "../ir/axis.ts";
import { broadcastInputs, rows } from "./elementwise.ts";
import { fittingWindows } from "./image.ts";

/** Half of the spectrum of a real signal, the middle included. */
function oneSided(length: number | string): number | string {
  return addDims(divideDims(length, 2), 1);
}

const fourier: InferRule = (c) => {
  const dims = c.dims(0);
  if (dims === undefined) return [typed(c.dtype(0))];
  const half = c.int("onesided", 0) === 1;
  const real = half && c.int("inverse", 0) === 1;
  const components = real ? 1 : 2;
  const axis = c.has(2) ? c.numbers(2)?.[0] : c.int("axis", c.opset < 20 ? 1 : -2);
  if (axis === undefined) {
    // Only a run knows which axis changes its length.
    return [typed(c.dtype(0), [...dims.slice(0, -1).map(unknownDim), components])];
  }
  const at = normalizeAxis(axis, dims.length);
  const whole = real ? multiplyDims(subtractDims(dims[at]!, 1), 2) : dims[at]!;
  const length = c.has(1) ? c.known(1)?.elements[0] ?? unknownDim() : whole;
  const bins = half && !real ? oneSided(length) : length;
  return [typed(c.dtype(0), [...dims.map((d, i) => i === at ? bins : d).slice(0, -1), components])];
};

const shortTimeFourier: InferRule = (c) => {
  const [batch, length] = c.dims(0) ?? [unknownDim(), unknownDim()];
  const step = c.known(1)?.elements[0] ?? unknownDim();
  const frame = (c.has(3) ? c.known(3)?.elements[0] : c.dims(2)?.[0]) ?? unknownDim();
  const frames = fittingWindows(length!, frame, step);
  const bins = c.int("onesided", 1) === 1 ? oneSided(frame) : frame;
  return [typed(c.dtype(0), [batch!, frames, bins, 2])];
};

const melWeights: InferRule = (c) => {
  const bands = c.known(0)?.elements[0] ?? unknownDim();
  const length = c.known(1)?.elements[0] ?? unknownDim();
  return [typed(dtypeOfDataType(c.int("output_datatype", 1)), [oneSided(length), bands])];
};

const imageDecoder: InferRule = (c) => {
  const channels = c.text("pixel_format", "RGB") === "Grayscale" ? 1 : 3;
  return [typed("uint8", [unknownDim(), unknownDim(), channels])];
};

const stringSplit: InferRule = (c) => {
  const dims = c.dims(0);
  return [typed("string", dims && [...dims, unknownDim()]), typed("int64", dims)];
};

const termFrequencies: InferRule = (c) => {
  const bins = Math.max(-1, ...c.ints("ngram_indexes") ?? []) + 1;
  return [typed("float32", c.rank(0) === 2 ? [c.dims(0)![0]!, bins] : [bins])];
};

/** Operators of ai.onnx on signals and strings. */
export const signalRows: Readonly<Record<string, OpRow>> = {
  DFT: { infer: fourier },
  STFT: { infer: shortTimeFourier },
  MelWeightMatrix: { infer: melWeights },
  ImageDecoder: { infer: imageDecoder },
  StringSplit: { infer: stringSplit },
  TfIdfVectorizer: { infer: termFrequencies },
  StringConcat: { infer: (c) => [typed("string", broadcastInputs(c))] },
  ...rows({ infer: (c) => [typed("bool", c.dims(0))] }, "RegexFullMatch"),
  StringNormalizer: {
    infer: (c) => [typed("string", c.rank(0) === 2 ? [1, unknownDim()] : [unknownDim()])],
  },
};
