/** Rules of convolutions, pooling and resampling. @module */
import {
  addDims,
  compareDims,
  divideDims,
  divideDimsUp,
  multiplyDims,
  subtractDims,
  unknownDim,
} from "../ir/dim.ts";
import type { Dim } from "../ir/model.ts";
import { type InferRule, type NodeContext, type OpRow, typed } from "./context.ts";
import { normalizeAxis } from "../ir/axis.ts";
import { rows } from "./elementwise.ts";
import { dimsFromInput, unknownDims } from "./movement.ts";
import { WrongNode } from "./wrong_node.ts";

/** Windows that move over an axis: their number as of Conv and the pools. */
function windowCount(c: NodeContext, size: Dim, axis: number, kernel: Dim): Dim {
  const rank = (c.rank(0) ?? 4) - 2;
  const stride = c.ints("strides")?.[axis] ?? 1;
  const pads = c.ints("pads") ?? [];
  const auto = c.text("auto_pad", "NOTSET");
  if (auto.startsWith("SAME")) return divideDimsUp(size, stride);
  const dilation = c.ints("dilations")?.[axis] ?? 1;
  const extent = addDims(multiplyDims(subtractDims(kernel, 1), dilation), 1);
  const padded = auto === "VALID"
    ? size
    : addDims(size, (pads[axis] ?? 0) + (pads[axis + rank] ?? 0));
  if (c.int("ceil_mode", 0) === 0) {
    const isEmpty = size === 0 && compareDims(padded, extent) === -1;
    return isEmpty ? 0 : fittingWindows(padded, extent, stride);
  }
  const count = addDims(divideDimsUp(subtractDims(padded, extent), stride), 1);
  const left = addDims(size, pads[axis] ?? 0);
  if (typeof count === "number" && typeof left === "number" && (count - 1) * stride >= left) {
    return count - 1;
  }
  return count;
}

/** Windows that fit into a size, moved by a stride. @throws {WrongNode} If not even one does. */
export function fittingWindows(size: Dim, extent: Dim, stride: Dim): Dim {
  const room = subtractDims(size, extent);
  if (typeof room === "number" && room < 0) {
    throw new WrongNode(
      `its window of ${extent} is larger than its input of ${size}, pads included`,
    );
  }
  return addDims(divideDims(room, stride), 1);
}

/** Type of a convolution's output. */
export const conv: InferRule = (c) => {
  const x = c.dims(0);
  const w = c.dims(1);
  if (x === undefined || w === undefined) return [typed(c.dtype(0))];
  const spatial = x.slice(2).map((size, axis) => windowCount(c, size, axis, w[axis + 2]!));
  return [typed(c.dtype(0), [x[0]!, w[0]!, ...spatial])];
};

/** A convolution with another place for its weight or another element type. */
function convWith(
  weightInput: number,
  dtype: (c: NodeContext) => ReturnType<NodeContext["dtype"]>,
): InferRule {
  return (c) => {
    const x = c.dims(0);
    const w = c.dims(weightInput);
    if (x === undefined || w === undefined) return [typed(dtype(c))];
    const spatial = x.slice(2).map((size, axis) => windowCount(c, size, axis, w[axis + 2]!));
    return [typed(dtype(c), [x[0]!, w[0]!, ...spatial])];
  };
}

const convTranspose: InferRule = (c) => {
  const x = c.dims(0);
  const w = c.dims(1);
  if (x === undefined || w === undefined) return [typed(c.dtype(0))];
  const channels = multiplyDims(w[1]!, c.int("group", 1));
  const given = c.ints("output_shape");
  const spatial = x.slice(2).map((size, axis) =>
    given?.at(axis - (x.length - 2)) ?? transposedSize(c, size, axis, w[axis + 2]!)
  );
  return [typed(c.dtype(0), [x[0]!, channels, ...spatial])];
};

function transposedSize(c: NodeContext, size: Dim, axis: number, kernel: Dim): Dim {
  const stride = c.ints("strides")?.[axis] ?? 1;
  if (c.text("auto_pad", "NOTSET").startsWith("SAME")) return multiplyDims(size, stride);
  const rank = (c.rank(0) ?? 4) - 2;
  const pads = c.ints("pads") ?? [];
  const extent = addDims(
    multiplyDims(subtractDims(kernel, 1), c.ints("dilations")?.[axis] ?? 1),
    1 + (c.ints("output_padding")?.[axis] ?? 0) - (pads[axis] ?? 0) - (pads[axis + rank] ?? 0),
  );
  return addDims(multiplyDims(subtractDims(size, 1), stride), extent);
}

const pool: InferRule = (c) => {
  const x = c.dims(0);
  if (x === undefined) return [typed(c.dtype(0)), typed("int64")];
  const kernel = c.ints("kernel_shape") ?? [];
  const spatial = x.slice(2).map((size, axis) => windowCount(c, size, axis, kernel[axis] ?? 1));
  const dims = [x[0]!, x[1]!, ...spatial];
  return [typed(c.dtype(0), dims), typed("int64", dims)];
};

const globalPool: InferRule = (c) => {
  const x = c.dims(0);
  return [typed(c.dtype(0), x?.map((d, axis) => axis < 2 ? d : 1))];
};

const maxUnpool: InferRule = (c) => {
  const x = c.dims(0);
  if (c.has(2)) return [typed(c.dtype(0), dimsFromInput(c, 2))];
  if (x === undefined) return [typed(c.dtype(0))];
  const spatial = x.slice(2).map((size, axis) =>
    transposedSize(c, size, axis, c.ints("kernel_shape")?.[axis] ?? 1)
  );
  return [typed(c.dtype(0), [x[0]!, x[1]!, ...spatial])];
};

/** Resize-11 and later: input 2 are scales, input 3 sizes; Resize-10 and Upsample have scales as input 1. */
const resize: InferRule = (c) => {
  const x = c.dims(0);
  if (x === undefined) return [typed(c.dtype(0))];
  const axes = c.ints("axes") ?? x.map((_, axis) => axis);
  const sizes = c.has(3) ? c.known(3)?.elements : undefined;
  const scales = c.attribute("scales", "floats") ?? c.numbers(c.node.inputs.length > 2 ? 2 : 1);
  const keep = c.text("keep_aspect_ratio_policy", "stretch") !== "stretch";
  const dims = [...x];
  axes.forEach((a, i) => {
    const axis = normalizeAxis(a, x.length);
    dims[axis] = (keep ? undefined : sizes?.[i]) ?? scaled(x[axis]!, scales?.[i]);
  });
  return [typed(c.dtype(0), dims)];
};

/** Runtimes multiply in float32: 10 · 0.7 is 7 there, and less in float64. */
function scaled(size: Dim, scale: number | undefined): Dim {
  if (scale === undefined) return unknownDim();
  if (typeof size === "number") return Math.floor(Math.fround(size * scale));
  return Number.isInteger(scale) ? multiplyDims(size, scale) : scale === 1 ? size : unknownDim();
}

const gridSample: InferRule = (c) => {
  const x = c.dims(0);
  const grid = c.dims(1);
  return [typed(c.dtype(0), x && grid && [x[0]!, x[1]!, ...grid.slice(1, -1)])];
};

const affineGrid: InferRule = (c) => {
  const size = c.known(1)?.elements;
  if (size === undefined) return [typed(c.dtype(0))];
  return [typed(c.dtype(0), [size[0]!, ...size.slice(2), size.length - 2])];
};

const col2Im: InferRule = (c) => {
  const x = c.dims(0);
  const image = dimsFromInput(c, 1);
  const block = c.known(2)?.elements;
  if (x === undefined || image === undefined) return [typed(c.dtype(0))];
  const channels = block === undefined
    ? unknownDim()
    : divideDims(x[1]!, block.reduce<Dim>(multiplyDims, 1));
  return [typed(c.dtype(0), [x[0]!, channels, ...image])];
};

const roiAlign: InferRule = (c) => {
  const channels = c.dims(0)?.[1] ?? unknownDim();
  const regions = c.dims(1)?.[0] ?? unknownDim();
  return [
    typed(c.dtype(0), [regions, channels, c.int("output_height", 1), c.int("output_width", 1)]),
  ];
};

const centerCropPad: InferRule = (c) => {
  const x = c.dims(0);
  const target = dimsFromInput(c, 1);
  if (x === undefined || target === undefined) return [typed(c.dtype(0))];
  const axes = c.ints("axes")?.map((a) => normalizeAxis(a, x.length)) ?? x.map((_, axis) => axis);
  return [typed(c.dtype(0), x.map((d, axis) => target[axes.indexOf(axis)] ?? d))];
};

/** Operators of ai.onnx on images. */
export const imageRows: Readonly<Record<string, OpRow>> = {
  Conv: { infer: conv },
  ConvInteger: { infer: convWith(1, () => "int32") },
  QLinearConv: { infer: convWith(3, (c) => c.dtype(7)) },
  DeformConv: { infer: conv },
  ConvTranspose: { infer: convTranspose },
  ...rows({ infer: pool }, "MaxPool", "AveragePool", "LpPool"),
  ...rows({ infer: globalPool }, "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"),
  MaxUnpool: { infer: maxUnpool },
  ...rows({ infer: resize }, "Resize", "Upsample"),
  GridSample: { infer: gridSample },
  AffineGrid: { infer: affineGrid },
  Col2Im: { infer: col2Im },
  RoiAlign: { infer: roiAlign },
  MaxRoiPool: {
    infer: (c) => [
      typed(c.dtype(0), [
        c.dims(1)?.[0] ?? unknownDim(),
        c.dims(0)?.[1] ?? unknownDim(),
        ...(c.ints("pooled_shape") ?? unknownDims(2)),
      ]),
    ],
  },
  CenterCropPad: { infer: centerCropPad },
};
