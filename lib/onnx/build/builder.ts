/** Builds graphs node by node, with types known as one goes. @module */
import type { DType } from "../../tensor/dtype.ts";
import { fromNumbers } from "../../tensor/convert.ts";
import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import { type AttributeInput, toAttributes } from "../ir/attribute.ts";
import { isDType } from "../ir/data_type.ts";
import { nodeKey, weightKey } from "../ir/node_key.ts";
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { countNodes } from "../ir/count_nodes.ts";
import { formProblems } from "../ir/op_signature.ts";
import { GraphTypes, type Inferred } from "../infer/graph_types.ts";
import { isExact, type Known, tensorFromKnown } from "../infer/known.ts";
import { simplify } from "./simplify.ts";
import type { Dim, Model, Node, TensorType, ValueInfo, ValueType, Weight } from "../ir/model.ts";
import { tensorFromWeight, weightFromTensor } from "../ir/weight.ts";

export type { AttributeInput } from "../ir/attribute.ts";
export { float, floats } from "../ir/attribute.ts";

/** Name of a value. */
export type Value = string;

/** What was asked for cannot be made of a graph, or be part of one; the message says why. */
export class BuildError extends RangeError {
  override readonly name = "BuildError";
}

/** Options of {@linkcode GraphBuilder}. */
export interface BuilderOptions {
  /** A model to continue; its values keep their names. */
  readonly model?: Model;
  /** Operator set of a new model; 18 if not given. */
  readonly opset?: number;
  /** Put before the names of new values. */
  readonly prefix?: string;
  /** The largest number of nodes, those in their subgraphs included; default: any number. */
  readonly maxNodes?: number;
}

/** Options of {@linkcode GraphBuilder.node}. */
export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  readonly domain?: string;
  /** How many outputs, or their names; 1 if not given. */
  readonly outputs?: number | readonly string[];
  readonly name?: string;
}

/** Folded results have at most this many elements; larger ones are computed when the graph runs. */
const foldLimit = 1024;

/** Results of these operators differ from one node to the next, so they are never shared. */
export const impure: ReadonlySet<string> = new Set([
  "RandomNormal",
  "RandomNormalLike",
  "RandomUniform",
  "RandomUniformLike",
  "Bernoulli",
  "Multinomial",
  "Dropout",
]);

const emptyModel: Omit<Model, "opset"> = {
  irVersion: 9,
  domains: {},
  graph: {
    name: "graph",
    nodes: [],
    inputs: [],
    outputs: [],
    initializers: new Map(),
    values: new Map(),
  },
  functions: [],
  metadata: {},
};

/**
 * Appends nodes to a graph. Types of new values are inferred at once, a node that exists already is
 * shared, and small results that are known are constants.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const x = b.input("x", "float32", ["batch", 3]);
 * const y = b.op("Mul", [x, b.scalar(2)]);
 * assertEquals(b.dims(y), ["batch", 3]);
 * b.output(y, "y");
 * const model = b.finish();
 * assertEquals(model.graph.nodes[0]?.opType, "Mul");
 * ```
 */
export class GraphBuilder {
  readonly opset: number;
  readonly #model: Model;
  readonly #prefix: string;
  readonly #nodes: Node[];
  readonly #inputs: ValueInfo[];
  readonly #outputs: ValueInfo[];
  readonly #initializers: Map<string, Weight>;
  readonly #domains: Record<string, number>;
  readonly #types: GraphTypes;
  readonly #names = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #shared = new Map<string, readonly Value[]>();
  readonly #constants = new Map<string | Weight, Value>();
  readonly #producers = new Map<Value, Node>();
  readonly #maxNodes: number;
  #asked = 0;

  constructor(options: BuilderOptions = {}) {
    const model = options.model ?? { ...emptyModel, opset: options.opset ?? 18 };
    this.#model = model;
    this.opset = model.opset;
    this.#prefix = options.prefix ?? "";
    this.#maxNodes = options.maxNodes ?? Infinity;
    this.#nodes = [...model.graph.nodes];
    this.#inputs = [...model.graph.inputs];
    this.#outputs = [...model.graph.outputs];
    this.#initializers = new Map(model.graph.initializers);
    this.#domains = { ...model.domains };
    this.#types = new GraphTypes({
      opset: model.opset,
      functions: model.functions,
      declared: model.graph.values,
    });
    this.#types.addGraph(model.graph);
    this.#indexModel();
  }

  #indexModel(): void {
    for (const [name, weight] of this.#initializers) {
      this.#names.add(name);
      this.#constants.set(weightKey(weight) ?? weight, name);
    }
    for (const { name } of this.#inputs) this.#names.add(name);
    for (const node of this.#nodes) this.#index(node);
  }

  #index(node: Node): void {
    for (const name of node.outputs) {
      this.#names.add(name);
      this.#producers.set(name, node);
    }
    const key = impure.has(node.opType) ? undefined : nodeKey(node);
    if (key !== undefined && !this.#shared.has(key)) this.#shared.set(key, node.outputs);
  }

  /**
   * Declares an input of the graph; without dimensions its rank is open.
   *
   * @throws {BuildError} If the name is taken.
   */
  input(name: string, dtype: DType, dims?: readonly Dim[]): Value {
    this.#claim(name);
    const type: TensorType = { kind: "tensor", dtype, ...dims && { dims } };
    this.#inputs.push({ name, type });
    this.#types.addValue(name, type);
    return name;
  }

  /**
   * Adds a weight under its own name; {@linkcode constant} shares equal ones instead.
   *
   * @throws {BuildError} If the name is taken.
   */
  initializer(name: string, weight: Weight | Tensor): Value {
    this.#claim(name);
    const w: Weight = isTensor(weight) ? weightFromTensor(weight) : weight;
    this.#initializers.set(name, w);
    this.#types.addWeight(name, w);
    return name;
  }

  /**
   * Makes a value an output of the graph, under another name through an Identity.
   *
   * @throws {BuildError} If another name is given and is taken.
   */
  output(value: Value, name: string = value): void {
    if (name !== value) this.node("Identity", [value], { outputs: [name] });
    const type: ValueType = this.#types.type(name) ?? { kind: "unknown" };
    if (!this.#outputs.some((o) => o.name === name)) this.#outputs.push({ name, type });
  }

  /**
   * Appends a node, or finds one that computes the same; gives the names of its outputs. Results that
   * are known become constants, unless the outputs have names of their own.
   *
   * @throws {BuildError} If a name is taken, or the operator takes no such inputs or attributes.
   * @throws {DiagnosticError} If the node cannot be what it is meant to be, or there are too many.
   */
  node(
    opType: string,
    inputs: readonly (Value | undefined)[],
    options: NodeOptions = {},
  ): Value[] {
    const outputs = options.outputs ?? 1;
    const draft: Node = {
      name: options.name ?? "",
      opType,
      domain: options.domain ?? "",
      inputs: withoutTrailing(inputs.map((input) => input ?? "")),
      outputs: typeof outputs === "number" ? new Array(outputs).fill("") : outputs,
      attributes: toAttributes(options.attributes ?? {}),
    };
    this.#count(draft);
    this.#checkForm(draft);
    if (typeof outputs !== "number") return this.#append(draft);
    const inferred = this.#types.infer(draft);
    return this.#find(draft, inferred) ?? this.#append(this.#named(draft), inferred);
  }

  /** Inputs and attributes of ops that are rewritten to others are handed on as files have them. */
  #checkForm(draft: Node): void {
    const problem = draft.domain === "" ? formProblems(draft, this.opset)[0] : undefined;
    if (problem === undefined) return;
    throw new BuildError(`Cannot build ${draft.opType} node: ${problem}`);
  }

  #count(draft: Node): void {
    if (this.#maxNodes === Infinity) return;
    this.#asked += countNodes([draft]);
    if (this.#asked <= this.#maxNodes) return;
    throw new DiagnosticError([{
      code: "too-large",
      severity: "error",
      message: `Cannot build a graph of more than ${this.#maxNodes} nodes`,
      notes: ["Loops, recurrent layers and sequences are unrolled: make them shorter"],
    }]);
  }

  /** Appends a node with one output. @throws as {@linkcode node} does. */
  op(
    opType: string,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
    domain = "",
  ): Value {
    return this.node(opType, inputs, { attributes, domain })[0]!;
  }

  /** A value that computes what the draft would: simpler, the output of an equal node, a constant. */
  #find(draft: Node, { types, elements }: Inferred): Value[] | undefined {
    if (impure.has(draft.opType)) return undefined;
    const simpler = simplify(draft, types[0], this);
    if (simpler !== undefined) return [simpler];
    const shared = this.#shared.get(nodeKey(draft) ?? "");
    if (shared !== undefined && shared.length >= draft.outputs.length) {
      return shared.slice(0, draft.outputs.length);
    }
    if (elements === undefined || elements.length < draft.outputs.length) return undefined;
    if (!elements.every((k) => k !== undefined && isFoldable(k))) return undefined;
    return elements.map((k) => this.constant(tensorFromKnown(k!)!));
  }

  #named(draft: Node): Node {
    const base = this.#fresh(draft.opType);
    const outputs = draft.outputs.map((_, i) => i === 0 ? base : `${base}.${i}`);
    return { ...draft, name: draft.name || base, outputs };
  }

  /** A name that no value has yet. */
  #fresh(stem: string): string {
    for (;;) {
      const count = this.#counts.get(stem) ?? 0;
      this.#counts.set(stem, count + 1);
      const name = `${this.#prefix}${stem}_${count}`;
      if (!this.#names.has(name)) return name;
    }
  }

  #append(node: Node, inferred?: Inferred): Value[] {
    for (const name of node.outputs) this.#claim(name);
    if (node.domain !== "" && !(node.domain in this.#domains)) this.#domains[node.domain] = 1;
    this.#nodes.push(node);
    this.#types.addNode(node, inferred);
    this.#index(node);
    return [...node.outputs];
  }

  #claim(name: string): void {
    if (name === "") return;
    if (this.#names.has(name)) {
      throw new BuildError(`Cannot add value "${name}": the graph has a value of this name`);
    }
    this.#names.add(name);
  }

  /** A constant; equal small ones are one value. */
  constant(tensor: Tensor): Value {
    return this.weight(weightFromTensor(tensor));
  }

  /** A weight under a name of the builder's choice; one that is added again is one value. */
  weight(weight: Weight): Value {
    const key = weightKey(weight) ?? weight;
    const shared = this.#constants.get(key);
    if (shared !== undefined) return shared;
    const value = this.initializer(this.#fresh("constant"), weight);
    this.#constants.set(key, value);
    return value;
  }

  /** A constant scalar (rank 0). */
  scalar(value: number, dtype: DType = "float32"): Value {
    return this.constant(fromNumbers(dtype, [], [value]));
  }

  /** A constant int64 vector. */
  int64s(values: readonly number[]): Value {
    return this.constant(fromNumbers("int64", [values.length], values));
  }

  /** Type of a tensor value, if it is known. */
  type(value: Value): TensorType | undefined {
    const type = this.#types.type(value);
    return type?.kind === "tensor" ? type : undefined;
  }

  /** Type of any value, also of a sequence. */
  valueType(value: Value): ValueType | undefined {
    return this.#types.type(value);
  }

  /** Dimensions of a value, if at least its rank is known. */
  dims(value: Value): readonly Dim[] | undefined {
    return this.type(value)?.dims;
  }

  /** Number of dimensions of a value, if known. */
  rank(value: Value): number | undefined {
    return this.dims(value)?.length;
  }

  /**
   * Element type of a value.
   *
   * @throws {BuildError} If it is not known, or one that tensors do not have, such as strings.
   */
  dtype(value: Value): DType {
    const dtype = this.type(value)?.dtype;
    if (!isDType(dtype)) {
      const node = this.#producers.get(value);
      throw new BuildError(
        `Cannot tell the element type of value "${value}"${
          node ? ` of ${node.opType} node "${node.name}"` : ""
        }: it is ${dtype ?? "not known"}`,
      );
    }
    return dtype;
  }

  /** The node that computes a value; undefined for inputs and initializers. */
  producer(value: Value): Node | undefined {
    return this.#producers.get(value);
  }

  /** Elements of a value as numbers and symbols, if they are known: of a shape, for example. */
  elements(value: Value): readonly Dim[] | undefined {
    return this.#types.known(value)?.elements;
  }

  /** The value if it is known while building: a weight in memory, or folded shape arithmetic. */
  constantOf(value: Value): Tensor | undefined {
    const weight = this.#initializers.get(value);
    if (weight?.data.kind === "inline" && isDType(weight.dtype)) return tensorFromWeight(weight);
    const elements = this.#types.known(value);
    return elements && tensorFromKnown(elements);
  }

  /** The weight of an initializer, wherever its bytes are. */
  weightOf(value: Value): Weight | undefined {
    return this.#initializers.get(value);
  }

  /** The model built so far. */
  finish(): Model {
    const values = new Map(this.#types.types);
    for (const { name } of [...this.#inputs, ...this.#outputs]) values.delete(name);
    for (const name of this.#initializers.keys()) values.delete(name);
    return {
      ...this.#model,
      domains: { ...this.#domains },
      graph: {
        ...this.#model.graph,
        nodes: [...this.#nodes],
        inputs: [...this.#inputs],
        outputs: [...this.#outputs],
        initializers: new Map(this.#initializers),
        values,
      },
    };
  }
}

function isTensor(weight: Weight | Tensor): weight is Tensor {
  return ArrayBuffer.isView(weight.data);
}

function isFoldable(k: Known): boolean {
  return sizeOf(k.dims) <= foldLimit && isExact(k);
}

function withoutTrailing(inputs: readonly string[]): string[] {
  let length = inputs.length;
  while (length > 0 && inputs[length - 1] === "") length--;
  return inputs.slice(0, length);
}
