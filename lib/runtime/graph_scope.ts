/** Looks up values in a graph and in the graphs around it. @module */
import { isHalf } from "../onnx/ir/half.ts";
import type { Graph, Node, ValueType } from "../onnx/ir/model.ts";

/** Inputs that CUDA's kernels read in the CPU's memory: sizes, axes, positions. */
const hostInputs: Readonly<Record<string, readonly number[]>> = {
  Reshape: [1],
  Expand: [1],
  Tile: [1],
  ConstantOfShape: [0],
  Slice: [1, 2, 3, 4],
  Pad: [1, 2, 3],
  Squeeze: [1],
  Unsqueeze: [1],
  Split: [1],
  Resize: [1, 2, 3],
  Upsample: [1],
  TopK: [1],
  OneHot: [1],
  Range: [0, 1, 2],
  CumSum: [1],
  Trilu: [1],
  ReduceSum: [1],
  ReduceMean: [1],
  ReduceMax: [1],
  ReduceMin: [1],
  ReduceProd: [1],
  ReduceL1: [1],
  ReduceL2: [1],
  ReduceSumSquare: [1],
  ReduceLogSum: [1],
  ReduceLogSumExp: [1],
};

/** A graph with what is known of its values; its nodes are looked at in their order. */
export class GraphScope {
  readonly graph: Graph;
  readonly #types: Map<string, ValueType>;
  readonly #constants: Set<string>;
  /** Inputs of the graph. */
  readonly #given: Set<string>;
  /** Values that hold shapes, and what is computed of them and of constants alone. */
  readonly #shapes: Set<string>;

  constructor(graph: Graph, parent?: GraphScope) {
    this.graph = graph;
    this.#types = new Map([...parent === undefined ? [] : parent.#types, ...graph.values]);
    this.#constants = new Set(parent === undefined ? [] : parent.#constants);
    this.#given = new Set(parent === undefined ? graph.inputs.map(({ name }) => name) : []);
    this.#shapes = new Set(parent === undefined ? [] : parent.#shapes);
    for (const { name, type } of [...graph.inputs, ...graph.outputs]) this.#types.set(name, type);
    for (const [name, { dtype, dims }] of graph.initializers) {
      this.#types.set(name, { kind: "tensor", dtype, dims });
      this.#constants.add(name);
    }
  }

  /** Element type of a tensor, where it is known. */
  dtype(value: string): string | undefined {
    const type = this.#types.get(value);
    return type?.kind === "tensor" ? type.dtype : undefined;
  }

  /**
   * How a node belongs to the arithmetic of shapes, which ONNX Runtime keeps on the CPU: it computes
   * one, or a constant, which is folded before the first run; or it reads one beside an input of the
   * graph, which comes from there as well.
   */
  shapeRole(node: Node): "computes" | "reads" | undefined {
    const inputs = node.inputs.filter((name) => name !== "");
    if (inputs.every((name) => this.#constants.has(name)) && !node.opType.startsWith("Random")) {
      for (const name of node.outputs) this.#constants.add(name);
      return "computes";
    }
    if (["Shape", "Size"].includes(node.opType)) {
      for (const name of node.outputs) this.#shapes.add(name);
      return "computes";
    }
    if (!this.#staysBeside(node, inputs)) return undefined;
    for (const name of node.outputs) this.#shapes.add(name);
    return inputs.some((name) => this.#given.has(name)) ? "reads" : "computes";
  }

  /** ONNX Runtime's rule: all of a node's inputs are on the CPU, and its kernel does not want one there. */
  #staysBeside(node: Node, inputs: readonly string[]): boolean {
    const wanted = hostInputs[node.opType] ?? [];
    return node.inputs.some((name) => this.#shapes.has(name)) &&
      !node.inputs.some((name, i) => wanted.includes(i) && this.#shapes.has(name)) &&
      inputs.every((name) =>
        (this.#shapes.has(name) || this.#constants.has(name) || this.#given.has(name)) &&
        !isHalf(this.dtype(name) ?? "")
      );
  }
}
