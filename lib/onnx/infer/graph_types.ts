/** Finds the types and known elements of a graph's values, node by node. @module */
import { bindAttributes } from "../ir/bind_attributes.ts";
import { unknownDim } from "../ir/dim.ts";
import type { FunctionDef, Graph, Node, TensorType, ValueType, Weight } from "../ir/model.ts";
import { NodeContext, type OutputTypes, type Scope, typed } from "./context.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { numbersProblem } from "./attribute_checks.ts";
import { knownFromWeight, knownLimit } from "./creation.ts";
import type { Known } from "./known.ts";
import { ranksProblem } from "./rank_checks.ts";
import { opRow } from "./table.ts";
import { Unfolding } from "./unfolding.ts";
import { WrongNode, wrongNodeError } from "./wrong_node.ts";

/** What inference needs besides the graph. */
export interface GraphTypesOptions {
  readonly opset: number;
  readonly functions?: readonly FunctionDef[];
  /** Types that are declared: hints for what cannot be inferred. */
  readonly declared?: ReadonlyMap<string, ValueType>;
  readonly parent?: GraphTypes;
  /** How much functions and subgraphs have unfolded so far, shared by all of them. */
  readonly unfolding?: Unfolding;
}

/** Nodes that fit what they meet: every pass infers them again, and ranks do not change on the way. */
const fits = new WeakSet<Node>();

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
  readonly #unfolding: Unfolding;

  constructor(options: GraphTypesOptions) {
    this.#options = options;
    this.#unfolding = options.unfolding ?? new Unfolding();
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

  /**
   * Types and known elements of a node's outputs, without remembering them.
   *
   * @throws {DiagnosticError} If the node does not fit its inputs.
   */
  infer(node: Node): Inferred {
    const called = this.#functions.get(`${node.domain}.${node.opType}`);
    this.#unfolding.count(node);
    if (called !== undefined) {
      return { types: this.#unfolding.within(node, () => this.#inferCall(called, node)) };
    }
    try {
      return this.#inferOp(node);
    } catch (error) {
      const cause = misfit(error);
      if (cause === undefined) throw error;
      // A branch that is never taken need not fit what it meets.
      if (this.#unfolding.depth > 0) return { types: [] };
      throw wrongNodeError(node, cause);
    }
  }

  #inferOp(node: Node): Inferred {
    const context = new NodeContext(node, this.#options.opset, this);
    if (!fits.has(node)) {
      const problem = ranksProblem(context) ?? numbersProblem(context);
      if (problem !== undefined) throw new WrongNode(problem);
      if (node.outputs[0] && context.rank(0) !== undefined) fits.add(node);
    }
    const row = opRow(node.domain, node.opType);
    if (row === undefined) return { types: [] };
    const types = row.infer(context);
    for (const type of types) refuseImpossible(type);
    if (row.evaluate === undefined || types.some(isLarge)) return { types };
    const elements = row.evaluate(context);
    if (elements === undefined || !elements.every(isComplete)) return { types };
    return { types: types.map((t, i) => knownType(elements[i]) ?? t), elements };
  }

  subgraph(node: Node, attribute: string, inputs: OutputTypes): OutputTypes {
    const graph = node.attributes[attribute];
    if (graph?.type !== "graph") return [];
    const scope = new GraphTypes({
      ...this.#options,
      declared: graph.value.values,
      parent: this,
      unfolding: this.#unfolding,
    });
    this.#unfolding.within(node, () => scope.addGraph(graph.value, inputs));
    this.subgraphs.set(graph.value, scope);
    return graph.value.outputs.map(({ name, type }) => hinted(scope.type(name), type));
  }

  /** Adds everything in a graph; `inputs` are types of its inputs that are known from outside. */
  addGraph(graph: Graph, inputs: OutputTypes = []): void {
    for (const [name, weight] of graph.initializers) this.addWeight(name, weight);
    graph.inputs.forEach(({ name, type }, i) => {
      if (!graph.initializers.has(name)) this.addValue(name, this.#inputType(inputs[i], type));
    });
    for (const node of graph.nodes) this.addNode(node);
  }

  /** What a graph is fed has the declared shape, or no runtime takes it; a body is fed by its node. */
  #inputType(outer: ValueType | undefined, declared: ValueType): ValueType | undefined {
    return this.#options.parent === undefined ? declared : hinted(outer, declared);
  }

  #inferCall(called: FunctionDef, node: Node): OutputTypes {
    const scope = new GraphTypes({
      opset: called.opsets[""] ?? this.#options.opset,
      functions: this.#options.functions ?? [],
      unfolding: this.#unfolding,
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
    return declared === undefined ? type : hinted(type, declared);
  }
}

/** Whether a value has more elements than are worth following. */
function isLarge(type: ValueType | undefined): boolean {
  if (type?.kind !== "tensor" || !type.dims?.every((dim) => typeof dim === "number")) return false;
  return sizeOf(type.dims as readonly number[]) > knownLimit;
}

/** What does not fit, if an error says so. Rules count on what an op's definition promises of its inputs. */
function misfit(error: unknown): string | undefined {
  if (error instanceof WrongNode) return error.message;
  const isBroken = error instanceof TypeError || error instanceof RangeError;
  return isBroken ? "its inputs or attributes do not fit each other" : undefined;
}

/** Whether there are as many elements as the shape says. */
function isComplete(elements: Known | undefined): boolean {
  return elements === undefined || elements.elements.length === sizeOf(elements.dims);
}

function knownType(elements: Known | undefined): TensorType | undefined {
  return elements && typed(elements.dtype, elements.dims);
}

/** @throws {WrongNode} If a value is not a size. */
function refuseImpossible(type: ValueType | undefined): void {
  if (type?.kind !== "tensor" || type.dims === undefined) return;
  for (let axis = 0; axis < type.dims.length; axis++) {
    const dim = type.dims[axis]!;
    if (typeof dim === "string" || (Number.isSafeInteger(dim) && dim >= 0)) continue;
    const size = Number.isNaN(Number(dim)) ? "no size" : `the size ${dim}`;
    throw new WrongNode(`axis ${axis} of its result would have ${size}`);
  }
}

/**
 * The inferred type. Where nothing is inferred, a declaration says the element type and the number of
 * axes, but no sizes: files declare shapes that are not true, and what depends on sizes is left to the
 * run.
 */
export function hinted(
  inferred: ValueType | undefined,
  declared: ValueType | undefined,
): ValueType | undefined {
  if (declared === undefined || declared.kind === "unknown") return inferred;
  if (inferred === undefined || inferred.kind === "unknown") return withoutSizes(declared);
  if (inferred.kind !== "tensor" || declared.kind !== "tensor") return inferred;
  if (inferred.dims !== undefined || declared.dims === undefined) return inferred;
  return typed(inferred.dtype, declared.dims.map(unknownDim));
}

function withoutSizes(type: ValueType): ValueType {
  if (type.kind === "unknown") return type;
  if (type.kind !== "tensor") return { ...type, element: withoutSizes(type.element) };
  return type.dims === undefined ? type : { ...type, dims: type.dims.map(unknownDim) };
}
