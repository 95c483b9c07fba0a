/** Builds a model's image processor as a graph, so that gradients pass through it. @module */
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import type { Model } from "../onnx/ir/model.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { axisMap, type Draft, hasFill } from "./draft.ts";
import { patchNodes } from "./patches.ts";
import type { ImagePlan } from "./image_plan.ts";
import type { ProcessorConfig } from "./processor_fields.ts";
import { planProcessor } from "./processor_table.ts";
import { DraftRunner } from "./run_draft.ts";

/**
 * The processor for square images of one size: input `image` `[batch, 3, inputSize, inputSize]`
 * from 0 to 1, output `pixel_values`. Resizing and cropping are one matrix product per axis; there
 * is neither rounding nor clipping, as a prompted image may leave 0 to 1.
 *
 * @throws {RangeError} If the configuration asks for what is not supported.
 *
 * @example
 * ```ts
 * const model = buildProcessor({ size: { height: 32, width: 32 }, resample: 3 }, 64);
 * ```
 */
export function buildProcessor(config: ProcessorConfig, inputSize: number): Model {
  return processorGraph(planProcessor(config, { height: inputSize, width: inputSize }));
}

/** The graph of a plan: `image` `[batch, 3, height, width]` to `pixel_values` `[batch, …]`. */
export function processorGraph(plan: ImagePlan): Model {
  const builder = new GraphBuilder();
  const { height, width } = plan.from;
  const image = builder.input("image", "float32", ["batch", 3, height, width]);
  const cutter = new TileNodes(builder, image);
  const tiles = plan.tiles.map((tile) => {
    const values = affine(builder, cutter.tile(tile), plan);
    return patchNodes(builder, values, tile.size, plan.layout);
  });
  const { layout } = plan;
  const stacks = layout.kind === "tiles" || layout.kind === "patch-rows";
  const pixels = stacks ? stacked(builder, tiles) : tiles[0]!;
  const missing = layout.kind === "tiles" ? (layout.least ?? 0) - tiles.length : 0;
  builder.output(missing > 0 ? filledUp(builder, pixels, missing) : pixels, "pixel_values");
  return builder.finish();
}

/** Tiles along a new axis behind the batch. */
function stacked(builder: GraphBuilder, tiles: readonly Value[]): Value {
  const axis = builder.int64s([1]);
  const apart = tiles.map((tile) => builder.op("Unsqueeze", [tile, axis]));
  return apart.length === 1 ? apart[0]! : builder.op("Concat", apart, { axis: 1 });
}

/** Tiles, and some of zeros behind them. */
function filledUp(builder: GraphBuilder, tiles: Value, missing: number): Value {
  return builder.op("Pad", [tiles, builder.int64s([0, 0, 0, 0, 0, 0, missing, 0, 0, 0])]);
}

function affine(builder: GraphBuilder, image: Value, { scale, bias }: ImagePlan): Value {
  let values = image;
  if (scale.some((value) => Math.fround(value) !== 1)) {
    values = builder.op("Mul", [values, builder.constant(perChannel(scale))]);
  }
  if (bias.some((value) => value !== 0)) {
    values = builder.op("Add", [values, builder.constant(perChannel(bias))]);
  }
  return values;
}

/** Nodes that make drafts of an image; tiles of one row share what is done along the height. */
class TileNodes {
  readonly #builder: GraphBuilder;
  readonly #image: Value;
  readonly #rows = new Map<string, Value>();

  constructor(builder: GraphBuilder, image: Value) {
    this.#builder = builder;
    this.#image = image;
  }

  tile(draft: Draft): Value {
    const builder = this.#builder;
    const rows = this.#rowsOf(axisMap(draft, "height"), draft);
    const map = axisMap(draft, "width");
    let values = rows;
    if (map !== undefined) {
      const columns = transposed(matrixOf(map, draft.size.width));
      values = builder.op("MatMul", [rows, builder.constant(columns)]);
    }
    return hasFill(draft) ? builder.op("Add", [values, builder.constant(fillOf(draft))]) : values;
  }

  #rowsOf(map: Float64Array | undefined, { size }: Draft): Value {
    if (map === undefined) return this.#image;
    const key = `${size.height} ${map.join()}`;
    let value = this.#rows.get(key);
    if (value === undefined) {
      const matrix = this.#builder.constant(matrixOf(map, size.height));
      value = this.#builder.op("MatMul", [matrix, this.#image]);
      this.#rows.set(key, value);
    }
    return value;
  }
}

/** What a black image becomes: the colours that steps put around it. */
function fillOf(draft: Draft): Tensor<"float32"> {
  const { height, width } = draft.size;
  let first = draft;
  while (first.from !== undefined) first = first.from;
  const black = new Float32Array(3 * first.size.height * first.size.width);
  const data = new DraftRunner(black).run(draft) as Float32Array;
  return tensor("float32", [1, 3, height, width], data);
}

function matrixOf(map: Float64Array, rows: number): Tensor<"float32"> {
  return tensor("float32", [rows, map.length / rows], Float32Array.from(map));
}

function transposed({ dims, data }: Tensor<"float32">): Tensor<"float32"> {
  const [rows, columns] = dims as [number, number];
  const flipped = data.map((_, i) => data[i % rows * columns + Math.floor(i / rows)]!);
  return tensor("float32", [columns, rows], flipped);
}

function perChannel(values: readonly number[]): Tensor<"float32"> {
  return tensor("float32", [1, 3, 1, 1], Float32Array.from(values));
}
