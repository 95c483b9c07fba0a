/** Looks up values in a graph and in the graphs around it. @module */
import type { Graph, Node, ValueType } from "../onnx/ir/model.ts";

/** A graph with what is known of its values; its nodes are looked at in their order. */
export class GraphScope {
  readonly graph: Graph;
  readonly #types: Map<string, ValueType>;
  readonly #constants: Set<string>;
  /** Values that hold shapes, and what is computed of them and of constants alone. */
  readonly #shapes: Set<string>;

  constructor(graph: Graph, parent?: GraphScope) {
    this.graph = graph;
    this.#types = new Map([...parent === undefined ? [] : parent.#types, ...graph.values]);
    this.#constants = new Set(parent === undefined ? [] : parent.#constants);
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

  /** Whether a node computes a shape, or a constant, which is folded before the first run. */
  computesShapes(node: Node): boolean {
    const inputs = node.inputs.filter((name) => name !== "");
    const isSmall = node.outputs.every((name) => (this.#rank(name) ?? 2) <= 1);
    if (inputs.every((name) => this.#constants.has(name)) && !node.opType.startsWith("Random")) {
      for (const name of node.outputs) this.#constants.add(name);
    } else if (
      ["Shape", "Size"].includes(node.opType) ||
      isSmall && inputs.every((name) => this.#shapes.has(name) || this.#constants.has(name))
    ) {
      for (const name of node.outputs) this.#shapes.add(name);
    } else return false;
    return true;
  }

  #rank(value: string): number | undefined {
    const type = this.#types.get(value);
    return type?.kind === "tensor" ? type.dims?.length : undefined;
  }
}
