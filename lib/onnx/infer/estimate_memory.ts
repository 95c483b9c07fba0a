/**
 * Memory that a run of a graph takes, from the sizes of its values and how long each is needed.
 *
 * @module
 */
import { dtypes } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { weightsOf } from "../ir/map_weights.ts";
import type { Graph, Model, Node, ValueType } from "../ir/model.ts";
import { capturedValues } from "../ir/values_read.ts";
import { weightSize } from "../ir/weight.ts";
import { inferShapes } from "./infer_shapes.ts";

/** Bytes that a run takes. */
export interface MemoryEstimate {
  /** Constants of the graph. */
  readonly weights: number;
  /** Most bytes of values that are needed at once, inputs and outputs among them. */
  readonly activations: number;
  /** The largest copy that an operator makes for itself, such as the columns of a convolution. */
  readonly workspace: number;
  /** Values whose sizes are not known: they are not in the figures. */
  readonly unknown: number;
}

/** Operators whose output is their input under another shape. */
const views = new Set(["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Dropout"]);

/** Operators that may write over an input of the same size which nothing needs any more. */
const inPlace = new Set([
  ..."Add Sub Mul Div Neg Exp Log Sqrt Sigmoid Tanh Erf Relu Abs Cast Clip Where Softmax LogSoftmax Sum Reciprocal Pow"
    .split(" "),
]);

/**
 * Estimates the memory of a run, with the nodes in their order: an operator's outputs are made, then
 * what nothing needs any more is given back.
 *
 * @param dims Sizes of symbolic dimensions, by their names.
 *
 * @example
 * ```ts
 * import { estimateMemory, GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const x = b.input("x", "float32", ["batch", 256]);
 * b.output(b.op("Concat", [x, x], { axis: 0 }), "y");
 * const { activations } = estimateMemory(b.finish(), { batch: 4 });
 * assertEquals(activations, 4 * 256 * 4 * (1 + 2)); // x, and twice x
 * ```
 */
export function estimateMemory(
  model: Model,
  dims: Readonly<Record<string, number>> = {},
): MemoryEstimate {
  const { graph } = inferShapes(model, { dims });
  const live = new LiveValues(graph);
  let workspace = 0;
  for (const node of graph.nodes) {
    live.step(node);
    workspace = Math.max(workspace, workspaceOf(node, live));
  }
  const weights = weightsOf(model).reduce((sum, weight) => sum + weightSize(weight), 0);
  return { weights, activations: live.peak, workspace, unknown: live.unknown };
}

/** Columns of a convolution whose kernel is larger than an element: one image's. */
function workspaceOf(node: Node, live: LiveValues): number {
  if (node.opType !== "Conv") return 0;
  const [output, weight] = [live.dimsOf(node.outputs[0]!), live.dimsOf(node.inputs[1]!)];
  if (output === undefined || weight === undefined) return 0;
  const kernel = sizeOf(weight.slice(2));
  return kernel === 1 ? 0 : 4 * sizeOf(weight.slice(1)) * sizeOf(output.slice(2));
}

/** The buffers of a run: values that share one, and when each is last needed. */
class LiveValues {
  peak = 0;
  unknown = 0;
  #bytes = 0;
  readonly #types: Map<string, ValueType>;
  /** The buffer that a value lies in: the value that it was made for. */
  readonly #buffer = new Map<string, string>();
  readonly #sizes = new Map<string, number>();
  /** Uses that are left, by buffer. */
  readonly #uses = new Map<string, number>();
  readonly #left: Map<string, number>;

  constructor(graph: Graph) {
    this.#types = new Map(graph.values);
    for (const { name, type } of [...graph.outputs, ...graph.inputs]) this.#types.set(name, type);
    for (const [name, { dtype, dims }] of graph.initializers) {
      this.#types.set(name, { kind: "tensor", dtype, dims });
    }
    this.#left = new Map();
    const names = [...graph.nodes.flatMap(({ inputs }) => inputs), ...outer(graph)];
    for (const name of names) this.#left.set(name, (this.#left.get(name) ?? 0) + 1);
    for (const { name } of graph.inputs) {
      if (!graph.initializers.has(name)) this.#make(name, name);
    }
    for (const name of graph.initializers.keys()) this.#sizes.set(name, 0);
  }

  dimsOf(name: string): readonly number[] | undefined {
    const type = this.#types.get(name);
    const dims = type?.kind === "tensor" ? type.dims : undefined;
    return dims?.every((dim) => typeof dim === "number") ? dims as readonly number[] : undefined;
  }

  /** Makes a node's outputs, then gives back what nothing needs any more. */
  step(node: Node): void {
    for (const [i, output] of node.outputs.entries()) {
      if (output !== "") this.#make(output, i === 0 ? this.#reused(node, output) : output);
    }
    this.peak = Math.max(this.peak, this.#bytes);
    for (const name of [...node.inputs, ...node.outputs]) {
      if (name !== "") this.#release(name, node.inputs.includes(name));
    }
  }

  /** The buffer that an output is written to: its own, or an input's. */
  #reused(node: Node, output: string): string {
    const [first = ""] = node.inputs;
    const from = views.has(node.opType) ? [first] : inPlace.has(node.opType) ? node.inputs : [];
    const found = from.find((name) => {
      const buffer = this.#buffer.get(name);
      if (buffer === undefined) return false;
      return views.has(node.opType) ||
        this.#uses.get(buffer) === 1 && this.#bytesOf(name) === this.#bytesOf(output);
    });
    return found === undefined ? output : this.#buffer.get(found)!;
  }

  #make(name: string, buffer: string): void {
    this.#buffer.set(name, buffer);
    this.#uses.set(buffer, (this.#uses.get(buffer) ?? 0) + (this.#left.get(name) ?? 0));
    if (buffer !== name) return;
    const bytes = this.#bytesOf(name);
    if (bytes === undefined) this.unknown++;
    this.#sizes.set(name, bytes ?? 0);
    this.#bytes += bytes ?? 0;
  }

  #release(name: string, isUse: boolean): void {
    const buffer = this.#buffer.get(name);
    if (buffer === undefined) return;
    const uses = this.#uses.get(buffer)! - (isUse ? 1 : 0);
    this.#uses.set(buffer, uses);
    if (uses > 0) return;
    this.#bytes -= this.#sizes.get(buffer) ?? 0;
    this.#sizes.set(buffer, 0);
  }

  #bytesOf(name: string): number | undefined {
    const type = this.#types.get(name);
    const dims = this.dimsOf(name);
    const dtype = type?.kind === "tensor" ? type.dtype : undefined;
    if (dims === undefined || dtype === undefined || !(dtype in dtypes)) return undefined;
    return sizeOf(dims) * dtypes[dtype as keyof typeof dtypes].bytes;
  }
}

/** What is needed to the end: outputs, and what subgraphs take from outside. */
function outer(graph: Graph): string[] {
  return [...graph.outputs.map(({ name }) => name), ...graph.nodes.flatMap(capturedValues)];
}
