/**
 * A small ConvNeXt (arXiv 2201.03545): convolutions of one channel each, with an MLP over the
 * channels behind them, in stages of falling resolution.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../onnx/build/builder.ts";
import { type Activation, layerNorm, linear, mlp } from "./layers.ts";
import { type Module, parameter } from "./module.ts";

/** Sizes of a ConvNeXt, in the words of config.json. */
export interface ConvNextSizes {
  readonly model_type: "convnext";
  readonly image_size: number;
  /** Side of the patches that the first layer projects. */
  readonly patch_size: number;
  /** Channels of each stage; the resolution halves between two. */
  readonly hidden_sizes: readonly number[];
  /** Layers of each stage. */
  readonly depths: readonly number[];
  readonly hidden_act: Activation;
}

/** Side of the map of the last stage. */
export function lastMap({ image_size, patch_size, depths }: ConvNextSizes): number {
  return image_size / patch_size / 2 ** (depths.length - 1);
}

/** Side of the windows; 7 in the paper, whose maps are larger. */
const kernel = 5;

/** `[batch, 3, S, S]` → `[batch, (S/p)², 3·p²]`: what a convolution of stride p sees at each place. */
function pixelPatches(
  b: GraphBuilder,
  pixels: Value,
  side: number,
  patch: number,
): Value {
  const cells = b.op("Reshape", [pixels, b.int64s([-1, 3, side, patch, side, patch])]);
  const sorted = b.op("Transpose", [cells], { perm: [0, 2, 4, 1, 3, 5] });
  return b.op("Reshape", [sorted, b.int64s([-1, side ** 2, 3 * patch ** 2])]);
}

/** Joins 2×2 neighbours: `[batch, side², width]` → `[batch, (side/2)², 4·width]`. */
export function joinNeighbours(b: GraphBuilder, x: Value, side: number, width: number): Value {
  const half = side / 2;
  const cells = b.op("Reshape", [x, b.int64s([-1, half, 2, half, 2, width])]);
  const sorted = b.op("Transpose", [cells], { perm: [0, 1, 3, 2, 4, 5] });
  return b.op("Reshape", [sorted, b.int64s([-1, half ** 2, 4 * width])]);
}

/** A convolution of each channel separately: `[batch, side², width]` → the same. */
function depthwise(module: Module, name: string, x: Value, side: number, width: number): Value {
  const { builder: b } = module;
  const weight = parameter(module, `${name}.weight`, [width, 1, kernel, kernel], {
    std: 1 / kernel,
  });
  const bias = parameter(module, `${name}.bias`, [width], { value: 0 });
  const map = b.op("Reshape", [
    b.op("Transpose", [x], { perm: [0, 2, 1] }),
    b.int64s([-1, width, side, side]),
  ]);
  const mixed = b.op("Conv", [map, weight, bias], {
    group: width,
    kernel_shape: [kernel, kernel],
    pads: Array(4).fill((kernel - 1) / 2),
  });
  const rows = b.op("Reshape", [mixed, b.int64s([-1, width, side ** 2])]);
  return b.op("Transpose", [rows], { perm: [0, 2, 1] });
}

/** x + scale · MLP(norm(convolution(x))); the branch starts at 1/√(2·depth) of the residual. */
function layer(
  module: Module,
  name: string,
  x: Value,
  sizes: {
    readonly side: number;
    readonly width: number;
    readonly depth: number;
    readonly activation: Activation;
  },
): Value {
  const { builder: b } = module;
  const { side, width, depth, activation } = sizes;
  const hidden = 4 * width;
  const mixed = depthwise(module, `${name}.dwconv`, x, side, width);
  const change = mlp(
    module,
    [`${name}.pwconv1`, `${name}.pwconv2`],
    layerNorm(module, `${name}.layernorm`, mixed, width),
    { from: width, hidden, to: width, activation, std: (hidden * 2 * depth) ** -0.5 },
  );
  const scale = parameter(module, `${name}.layer_scale_parameter`, [width], { value: 1 });
  return b.op("Add", [x, b.op("Mul", [change, scale])]);
}

/** Appends a ConvNeXt: `[batch, 3, S, S]` normalised pixels → `[batch, places, channels]`, row by row. */
export function convNextTokens(
  module: Module,
  pixels: Value,
  sizes: Omit<ConvNextSizes, "model_type">,
  { prefix = "convnext" }: { readonly prefix?: string } = {},
): Value {
  const { builder: b } = module;
  const { patch_size: patch, hidden_sizes: widths, depths, hidden_act: activation } = sizes;
  const first = widths[0]!;
  const depth = depths.reduce((sum, layers) => sum + layers, 0);
  let side = sizes.image_size / patch;
  const patches = pixelPatches(b, pixels, side, patch);
  let x = linear(module, `${prefix}.embeddings.patch_embeddings`, patches, {
    from: 3 * patch ** 2,
    to: first,
  });
  x = layerNorm(module, `${prefix}.embeddings.layernorm`, x, first);
  for (const [stage, width] of widths.entries()) {
    const name = `${prefix}.encoder.stages.${stage}`;
    if (stage > 0) {
      const before = widths[stage - 1]!;
      x = layerNorm(module, `${name}.downsampling_layer.0`, x, before);
      x = joinNeighbours(b, x, side, before);
      x = linear(module, `${name}.downsampling_layer.1`, x, { from: 4 * before, to: width });
      side /= 2;
    }
    for (let i = 0; i < depths[stage]!; i++) {
      x = layer(module, `${name}.layers.${i}`, x, { side, width, depth, activation });
    }
  }
  return layerNorm(module, `${prefix}.layernorm`, x, widths.at(-1)!);
}
