/**
 * A small ResNet of pre-activation blocks (arXiv 1603.05027) with group normalisation (arXiv
 * 1803.08494), which needs no statistics of other images.
 *
 * @module
 */
import { float, type Value } from "../onnx/build/builder.ts";
import { tensor, zeros } from "../tensor/tensor.ts";
import { type Module, parameter } from "./module.ts";

/** Sizes of a ResNet, in the words of config.json. */
export interface ResNetSizes {
  readonly model_type: "resnet";
  readonly image_size: number;
  /** Channels of the stem, which halves the image twice. */
  readonly embedding_size: number;
  /** Channels of each stage; the resolution halves between two. */
  readonly hidden_sizes: readonly number[];
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Groups of channels that are normalised together. */
  readonly groups: number;
}

/** Side of the map of the last stage. */
export function lastSide({ image_size, depths }: ResNetSizes): number {
  return image_size / 4 / 2 ** (depths.length - 1);
}

/** A convolution without bias, `from` → `to` channels; zeros around the map keep its size. */
interface Convolution {
  readonly from: number;
  readonly to: number;
  readonly kernel: number;
  readonly stride: number;
  /** Part of the usual initial scale (arXiv 1502.01852). */
  readonly gain?: number;
}

function convolve(module: Module, name: string, x: Value, convolution: Convolution): Value {
  const { from, to, kernel, stride, gain = 1 } = convolution;
  const std = gain * (2 / (from * kernel ** 2)) ** 0.5;
  const weight = parameter(module, `${name}.weight`, [to, from, kernel, kernel], { std });
  return module.builder.op("Conv", [x, weight], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: Array(4).fill((kernel - 1) / 2),
  });
}

/** Normalises groups of channels, then scales and shifts each channel. `[batch, width, side, side]`. */
function groupNorm(
  module: Module,
  name: string,
  x: Value,
  { width, groups, side }: { readonly width: number; readonly groups: number; side: number },
): Value {
  const { builder: b } = module;
  const grouped = b.op("Reshape", [x, b.int64s([-1, groups, width / groups * side ** 2])]);
  const same = b.constant(tensor("float32", [groups], new Float32Array(groups).fill(1)));
  const none = b.constant(zeros("float32", [groups]));
  const normal = b.op("InstanceNormalization", [grouped, same, none], { epsilon: float(1e-5) });
  const map = b.op("Reshape", [normal, b.int64s([-1, width, side, side])]);
  const channel = (part: string, value: number) =>
    b.op("Reshape", [
      parameter(module, `${name}.${part}`, [width], { value }),
      b.int64s([width, 1, 1]),
    ]);
  return b.op("Add", [b.op("Mul", [map, channel("weight", 1)]), channel("bias", 0)]);
}

/** A block: its place, and its input and output widths. */
interface Block {
  readonly from: number;
  readonly to: number;
  readonly groups: number;
  /** Side of the map that comes. */
  readonly side: number;
  readonly stride: number;
  /** Blocks of the whole network. */
  readonly depth: number;
}

/** Shortcut + two 3×3 convolutions, each behind normalisation and ReLU. */
function residualBlock(module: Module, name: string, x: Value, block: Block): Value {
  const { builder: b } = module;
  const { from, to, groups, side, stride, depth } = block;
  const active = (part: string, value: Value, width: number, at: number) =>
    b.op("Relu", [groupNorm(module, `${name}.${part}`, value, { width, groups, side: at })]);
  const first = active("norm1", x, from, side);
  const shortcut = from === to && stride === 1
    ? x
    : convolve(module, `${name}.shortcut`, first, { from, to, kernel: 1, stride });
  const middle = convolve(module, `${name}.conv1`, first, { from, to, kernel: 3, stride });
  const change = convolve(module, `${name}.conv2`, active("norm2", middle, to, side / stride), {
    ...{ from: to, to, kernel: 3, stride: 1 },
    gain: depth ** -0.5, // the sum of the residuals keeps its scale
  });
  return b.op("Add", [shortcut, change]);
}

/** Two 3×3 convolutions of stride 2: `[batch, 3, S, S]` → `[batch, width, S/4, S/4]`. */
function stem(module: Module, pixels: Value, { embedding_size, groups, image_size }: ResNetSizes) {
  const { builder: b } = module;
  const half = embedding_size / 2;
  const down = { kernel: 3, stride: 2 };
  const first = convolve(module, "resnet.embedder.0", pixels, { from: 3, to: half, ...down });
  const normal = groupNorm(module, "resnet.embedder.norm", first, {
    width: half,
    groups,
    side: image_size / 2,
  });
  const active = b.op("Relu", [normal]);
  return convolve(module, "resnet.embedder.1", active, { from: half, to: embedding_size, ...down });
}

/** Appends a ResNet: `[batch, 3, S, S]` normalised pixels → `[batch, places, channels]`, row by row. */
export function resNetTokens(module: Module, pixels: Value, sizes: ResNetSizes): Value {
  const { builder: b } = module;
  const { hidden_sizes: widths, depths, groups } = sizes;
  const depth = depths.reduce((sum, blocks) => sum + blocks, 0);
  let x = stem(module, pixels, sizes);
  let side = sizes.image_size / 4;
  let from = sizes.embedding_size;
  for (const [stage, to] of widths.entries()) {
    for (let i = 0; i < depths[stage]!; i++) {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const name = `resnet.encoder.stages.${stage}.layers.${i}`;
      x = residualBlock(module, name, x, { from, to, groups, side, stride, depth });
      side /= stride;
      from = to;
    }
  }
  x = b.op("Relu", [groupNorm(module, "resnet.norm", x, { width: from, groups, side })]);
  const rows = b.op("Reshape", [x, b.int64s([-1, from, side ** 2])]);
  return b.op("Transpose", [rows], { perm: [0, 2, 1] });
}
