/** Types and known elements of the values of a graph, found node by node. @module */
import { bindAttributes } from "../bind_attributes.ts";
import { isUnknownDim } from "../dim.ts";
import type { Dim, FunctionDef, Graph, Node, TensorType, ValueType, Weight } from "../model.ts";
import { NodeContext, type OutputTypes, type Scope, typed } from "./context.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { knownFromWeight, knownLimit } from "./creation.ts";
import type { Known } from "./known.ts";
import { opRow } from "./table.ts";

/** What inference needs besides the graph. */
export interface GraphTypesOptions {
  readonly opset: number;
  readonly functions?: readonly FunctionDef[];
  /** Types that are declared; they fill what cannot be inferred. */
  readonly declared?: ReadonlyMap<string, ValueType>;
  readonly parent?: GraphTypes;
}

/** What is known of the outputs of a node. */
export interface Inferred {
  readonly types: OutputTypes;
  readonly elements?: readonly (Known | undefined)[];
}

/** The state of an inference. Nodes are added in topological order. */
export class GraphTypes implements Scope {
  readonly types = new Map<string, ValueType>();
  /** Types inside the subgraphs that have been inferred. */
  readonly subgraphs = new Map<Graph, GraphTypes>();
  readonly #known = new Map<string, Known>();
  readonly #weights = new Map<string, Weight>();
  readonly #functions: ReadonlyMap<string, FunctionDef>;
  readonly #options: GraphTypesOptions;

  constructor(options: GraphTypesOptions) {
    this.#options = options;
    this.#functions = new Map(
      (options.functions ?? []).map((f) => [`${f.domain}.${f.name}`, f]),
    );
  }

  type(value: string): ValueType | undefined {
    return this.types.get(value) ?? this.#options.parent?.type(value);
  }

  known(value: string): Known | undefined {
    const found = this.#known.get(value);
    if (found !== undefined) return found;
    const weight = this.#weights.get(value);
    if (weight === undefined) {
      return this.types.has(value) ? undefined : this.#options.parent?.known(value);
    }
    const elements = knownFromWeight(weight);
    if (elements === undefined) this.#weights.delete(value);
    else this.#known.set(value, elements);
    return elements;
  }

  addValue(name: string, type: ValueType | undefined): void {
    if (type !== undefined && type.kind !== "unknown") this.types.set(name, type);
  }

  addWeight(name: string, weight: Weight): void {
    this.types.set(name, { kind: "tensor", dtype: weight.dtype, dims: weight.dims });
    this.#weights.set(name, weight);
  }

  addKnown(name: string, elements: Known): void {
    this.#known.set(name, elements);
  }

  /** Remembers what is known of the outputs of a node under their names. */
  addNode(node: Node, inferred: Inferred = this.infer(node)): void {
    const { types, elements } = inferred;
    node.outputs.forEach((name, i) => {
      if (name === "") return;
      const value = elements?.[i];
      if (value !== undefined) this.#known.set(name, value);
      this.addValue(name, this.#refined(name, types[i]));
    });
  }

  /** Types and known elements of a node's outputs, without remembering them. */
  infer(node: Node): Inferred {
    const called = this.#functions.get(`${node.domain}.${node.opType}`);
    if (called !== undefined) return { types: this.#inferCall(called, node) };
    const row = opRow(node.domain, node.opType);
    if (row === undefined) return { types: [] };
    const context = new NodeContext(node, this.#options.opset, this);
    const types = row.infer(context);
    if (types.some(isLarge)) return { types };
    const elements = row.evaluate?.(context);
    if (elements === undefined) return { types };
    return { types: types.map((t, i) => knownType(elements[i]) ?? t), elements };
  }

  subgraph(node: Node, attribute: string, inputs: OutputTypes): OutputTypes {
    const graph = node.attributes[attribute];
    if (graph?.type !== "graph") return [];
    const scope = new GraphTypes({
      ...this.#options,
      declared: graph.value.values,
      parent: this,
    });
    scope.addGraph(graph.value, inputs);
    this.subgraphs.set(graph.value, scope);
    return graph.value.outputs.map(({ name, type }) => refine(scope.type(name), type));
  }

  /** Adds everything in a graph; `inputs` are types of its inputs that are known from outside. */
  addGraph(graph: Graph, inputs: OutputTypes = []): void {
    for (const [name, weight] of graph.initializers) this.addWeight(name, weight);
    graph.inputs.forEach(({ name, type }, i) => {
      if (!graph.initializers.has(name)) this.addValue(name, refine(inputs[i], type));
    });
    for (const node of graph.nodes) this.addNode(node);
  }

  #inferCall(called: FunctionDef, node: Node): OutputTypes {
    const scope = new GraphTypes({
      opset: called.opsets[""] ?? this.#options.opset,
      functions: this.#options.functions ?? [],
    });
    called.inputs.forEach((name, i) => {
      const input = node.inputs[i];
      if (!input) return;
      scope.addValue(name, this.type(input));
      const elements = this.known(input);
      if (elements !== undefined) scope.addKnown(name, elements);
    });
    const attributes = { ...called.attributeDefaults, ...node.attributes };
    for (const inner of called.nodes) scope.addNode(bindAttributes(inner, attributes));
    return called.outputs.map((name) => scope.type(name));
  }

  #refined(name: string, type: ValueType | undefined): ValueType | undefined {
    const declared = this.#options.declared?.get(name);
    return declared === undefined ? type : refine(type, declared);
  }
}

/** Whether a value has more elements than are worth following. */
function isLarge(type: ValueType | undefined): boolean {
  if (type?.kind !== "tensor" || !type.dims?.every((dim) => typeof dim === "number")) return false;
  return sizeOf(type.dims as readonly number[]) > knownLimit;
}

function knownType(elements: Known | undefined): TensorType | undefined {
  return elements && typed(elements.dtype, elements.dims);
}

/** The inferred type, with what is not known of it taken from the declared one. */
export function refine(
  inferred: ValueType | undefined,
  declared: ValueType | undefined,
): ValueType | undefined {
  if (inferred === undefined || inferred.kind === "unknown") return declared;
  if (inferred.kind !== "tensor" || declared?.kind !== "tensor") return inferred;
  if (declared.dims === undefined) return inferred;
  if (inferred.dims === undefined) return typed(inferred.dtype, declared.dims);
  if (inferred.dims.length !== declared.dims.length) return inferred;
  const dims = declared.dims;
  return typed(inferred.dtype, inferred.dims.map((d, axis) => refineDim(d, dims[axis]!)));
}

/** Numbers say most, then inferred symbols, then declared ones. */
function refineDim(inferred: Dim, declared: Dim): Dim {
  if (typeof inferred === "number") return inferred;
  return typeof declared === "number" || isUnknownDim(inferred) ? declared : inferred;
}
