/** A large model written as exporters write it, with weights in a sparse file of zeros: to build graphs of, not to run. @module */
import { join } from "@std/path";
import { GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { fromNumbers } from "../../lib/tensor/convert.ts";

/** Sizes of a vision transformer with a decoder behind it. */
export interface LargeModelSizes {
  /** Layers of the vision transformer, and as many of the decoder. */
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly vocabulary: number;
}

const [imageTokens, patch] = [256, 14];

/** What is written, and how large it is. */
export interface LargeModel {
  readonly path: string;
  readonly nodes: number;
  readonly weightBytes: number;
}

/**
 * Writes a model of `pixel_values` and `input_ids` to `logits` and `loss` into a folder; batch and
 * sequence are symbols.
 */
export function writeLargeModel(folder: string, sizes: LargeModelSizes): LargeModel {
  const writer = new Writer(folder, sizes);
  const model = writer.write();
  const path = join(folder, "model.onnx");
  Deno.writeFileSync(path, encodeModel(model));
  Deno.writeFileSync(join(folder, writer.location), new Uint8Array());
  Deno.truncateSync(join(folder, writer.location), writer.bytes);
  return { path, nodes: model.graph.nodes.length, weightBytes: writer.bytes };
}

/** Blocks of the ops that PyTorch's exporters write. */
class Writer {
  readonly location = "model.onnx_data";
  bytes = 0;
  readonly #b = new GraphBuilder({ opset: 18 });
  readonly #folder: string;
  readonly #sizes: LargeModelSizes;

  constructor(folder: string, sizes: LargeModelSizes) {
    this.#folder = folder;
    this.#sizes = sizes;
  }

  write() {
    const b = this.#b;
    const { layers, width, vocabulary } = this.#sizes;
    const side = patch * Math.sqrt(imageTokens);
    const pixels = b.input("pixel_values", "float32", ["batch", 3, side, side]);
    const ids = b.input("input_ids", "int64", ["batch", "sequence"]);
    const kernel = this.#weight(width, 3, patch, patch);
    const patches = b.op("Conv", [pixels, kernel], {
      kernel_shape: [patch, patch],
      strides: [patch, patch],
    });
    let x: Value = this.#transpose(
      b.op("Reshape", [patches, this.#ints(0, width, imageTokens)]),
      [0, 2, 1],
    );
    for (let layer = 0; layer < layers; layer++) {
      x = b.op("Add", [x, this.#attention(this.#layerNorm(x), false)]);
      x = b.op("Add", [x, this.#mlp(this.#layerNorm(x))]);
    }
    const embeds = b.op("Gather", [this.#weight(vocabulary, width), ids]);
    let h: Value = b.op("Concat", [b.op("MatMul", [x, this.#weight(width, width)]), embeds], {
      axis: 1,
    });
    for (let layer = 0; layer < layers; layer++) {
      h = b.op("Add", [h, this.#attention(this.#rmsNorm(h), true)]);
      h = b.op("Add", [h, this.#gated(this.#rmsNorm(h))]);
    }
    const logits = b.op("MatMul", [this.#rmsNorm(h), this.#weight(width, vocabulary)]);
    b.output(logits, "logits");
    const chances = b.op("LogSoftmax", [logits], { axis: -1 });
    b.output(b.op("Neg", [b.op("ReduceMean", [chances], { keepdims: 0 })]), "loss");
    return b.finish();
  }

  #weight(...dims: number[]): Value {
    const length = 4 * dims.reduce((product, size) => product * size, 1);
    const data = {
      kind: "external" as const,
      directory: this.#folder,
      location: this.location,
      offset: this.bytes,
      length,
    };
    const name = `weight_${this.bytes}`;
    this.bytes += length;
    return this.#b.initializer(name, { dtype: "float32", dims, data });
  }

  #ints(...values: number[]): Value {
    return this.#b.constant(fromNumbers("int64", [values.length], values));
  }

  #transpose(x: Value, perm: number[]): Value {
    return this.#b.op("Transpose", [x], { perm });
  }

  #linear(x: Value, from: number, to: number): Value {
    const product = this.#b.op("MatMul", [x, this.#weight(from, to)]);
    return this.#b.op("Add", [product, this.#weight(to)]);
  }

  #layerNorm(x: Value): Value {
    const { width } = this.#sizes;
    return this.#b.op("LayerNormalization", [x, this.#weight(width), this.#weight(width)], {
      axis: -1,
    });
  }

  #rmsNorm(x: Value): Value {
    const b = this.#b;
    const square = b.op("Pow", [x, b.scalar(2)]);
    const mean = b.op("ReduceMean", [square, this.#ints(-1)], { keepdims: 1 });
    const root = b.op("Sqrt", [b.op("Add", [mean, b.scalar(1e-6)])]);
    const normal = b.op("Mul", [x, b.op("Div", [b.scalar(1), root])]);
    return b.op("Mul", [this.#weight(this.#sizes.width), normal]);
  }

  #heads(x: Value): Value {
    const { width, heads } = this.#sizes;
    const split = this.#b.op("Reshape", [x, this.#ints(0, -1, heads, width / heads)]);
    return this.#transpose(split, [0, 2, 1, 3]);
  }

  /** Half of each head's numbers swapped and negated, as rotary embeddings do. */
  #rotate(x: Value): Value {
    const b = this.#b;
    const half = this.#sizes.width / this.#sizes.heads / 2;
    const part = (from: number, to: number) =>
      b.op("Slice", [x, this.#ints(from), this.#ints(to), this.#ints(3)]);
    const turned = b.op("Concat", [b.op("Neg", [part(half, 2 * half)]), part(0, half)], {
      axis: -1,
    });
    return b.op("Add", [
      b.op("Mul", [x, this.#weight(2 * half)]),
      b.op("Mul", [turned, this.#weight(2 * half)]),
    ]);
  }

  #attention(x: Value, rotary: boolean): Value {
    const b = this.#b;
    const { width, heads } = this.#sizes;
    const projected = () => this.#heads(this.#linear(x, width, width));
    const turn = (value: Value) => rotary ? this.#rotate(value) : value;
    const [q, k, v] = [turn(projected()), turn(projected()), projected()];
    const scores = b.op("Div", [
      b.op("MatMul", [q, this.#transpose(k, [0, 1, 3, 2])]),
      b.scalar(Math.sqrt(width / heads)),
    ]);
    const seen = rotary ? this.#causal(scores) : scores;
    const mixed = b.op("MatMul", [b.op("Softmax", [seen], { axis: -1 }), v]);
    const joined = b.op("Reshape", [
      this.#transpose(mixed, [0, 2, 1, 3]),
      this.#ints(0, -1, width),
    ]);
    return this.#linear(joined, width, width);
  }

  #causal(scores: Value): Value {
    const b = this.#b;
    const shape = b.op("Shape", [scores]);
    const size = b.op("Slice", [shape, this.#ints(2), this.#ints(4), this.#ints(0)]);
    const ones = b.op("Expand", [b.scalar(1), size]);
    const seen = b.op("Cast", [b.op("Trilu", [ones], { upper: 0 })], { to: 9 });
    return b.op("Where", [seen, scores, b.scalar(-1e9)]);
  }

  #mlp(x: Value): Value {
    const b = this.#b;
    const { width } = this.#sizes;
    const inner = this.#linear(x, width, 4 * width);
    const erf = b.op("Erf", [b.op("Div", [inner, b.scalar(Math.SQRT2)])]);
    const gelu = b.op("Mul", [
      b.op("Mul", [inner, b.op("Add", [erf, b.scalar(1)])]),
      b.scalar(0.5),
    ]);
    return this.#linear(gelu, 4 * width, width);
  }

  #gated(x: Value): Value {
    const b = this.#b;
    const { width } = this.#sizes;
    const gate = b.op("MatMul", [x, this.#weight(width, 3 * width)]);
    const silu = b.op("Mul", [gate, b.op("Sigmoid", [gate])]);
    const inner = b.op("Mul", [silu, b.op("MatMul", [x, this.#weight(width, 3 * width)])]);
    return b.op("MatMul", [inner, this.#weight(3 * width, width)]);
  }
}
