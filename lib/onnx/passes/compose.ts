/** Joins models into one. @module */
import { BuildError } from "../build/builder.ts";
import { isUnknownDim, replaceSymbols, unknownDim } from "../ir/dim.ts";
import type { Dim, Graph, Model, Node, ValueInfo, ValueType, Weight } from "../ir/model.ts";
import { mapTypes, type Rename, renameNode } from "../ir/rename.ts";
import { upgradeModel } from "./upgrade.ts";

/** One model of a composition. */
export interface Part {
  /** Prefix of its values: `name.value`. */
  readonly name: string;
  readonly model: Model;
  /**
   * Where inputs come from: `part.output` of an earlier part, or any other name, which becomes an
   * input of the whole that parts may share. Inputs not named here become `name.input`.
   */
  readonly connect?: Readonly<Record<string, string>>;
}

/** The graph under construction. */
interface Whole {
  readonly nodes: Node[];
  readonly inputs: Map<string, ValueInfo>;
  readonly outputs: Map<string, ValueInfo>;
  readonly initializers: Map<string, Weight>;
  readonly values: Map<string, ValueType>;
  /** Everything that parts so far define. */
  readonly defined: Set<string>;
  readonly weights: WeightPool;
}

/**
 * Composes models. All are brought to the newest operator set among them; equal weights (the same
 * range of the same file, or the same bytes) become one initializer, so that what the parts have in
 * common can be shared. A symbolic dimension is the same in two parts only where they are connected.
 *
 * @returns A model with every part's outputs as `name.output`.
 * @throws {BuildError} If a part connects an input that it does not have, or two parts share a name.
 *
 * @example
 * ```ts
 * import { composeModels, GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const square = new GraphBuilder();
 * const x = square.input("x", "float32", ["n"]);
 * square.output(square.op("Mul", [x, x]), "y");
 * const negate = new GraphBuilder();
 * negate.output(negate.op("Neg", [negate.input("x", "float32", ["n"])]), "y");
 *
 * const both = composeModels([
 *   { name: "square", model: square.finish() },
 *   { name: "negate", model: negate.finish(), connect: { x: "square.y" } },
 * ]);
 * assertEquals(both.graph.outputs.map((output) => output.name), ["square.y", "negate.y"]);
 * ```
 */
export function composeModels(parts: readonly Part[]): Model {
  const upgraded = parts.map((part) => ({ ...part, model: upgradeModel(part.model) }));
  const opset = Math.max(...upgraded.map(({ model }) => model.opset));
  const whole: Whole = {
    nodes: [],
    inputs: new Map(),
    outputs: new Map(),
    initializers: new Map(),
    values: new Map(),
    defined: new Set(),
    weights: new WeightPool(),
  };
  const names = new Set<string>();
  for (const part of upgraded) {
    if (names.has(part.name)) {
      throw new BuildError(`Cannot compose: two parts have the name "${part.name}"`);
    }
    names.add(part.name);
    addPart(whole, { ...part, model: upgradeModel(part.model, { opset }) });
  }
  return {
    irVersion: Math.max(...upgraded.map(({ model }) => model.irVersion)),
    opset,
    domains: mergeDomains(upgraded),
    graph: graphOf(whole),
    functions: mergeFunctions(upgraded),
    metadata: {},
  };
}

function graphOf(whole: Whole): Graph {
  const { nodes, initializers, values } = whole;
  const [inputs, outputs] = [[...whole.inputs.values()], [...whole.outputs.values()]];
  return { name: "composed", nodes, inputs, outputs, initializers, values };
}

function addPart(whole: Whole, part: Part): void {
  const { name, connect = {} } = part;
  checkConnections(name, part.model.graph, connect);
  const graph = mapTypes(part.model.graph, symbolsOf(whole, part));
  const replaced = new Map<string, string>();
  const rename: Rename = (value) => replaced.get(value) ?? `${name}.${value}`;
  for (const [value, weight] of graph.initializers) {
    replaced.set(value, whole.weights.add(rename(value), weight, whole.initializers));
  }
  for (const info of graph.inputs) {
    if (graph.initializers.has(info.name)) continue;
    const target = connect[info.name] ?? rename(info.name);
    replaced.set(info.name, target);
    if (!whole.defined.has(target) && !whole.inputs.has(target)) {
      whole.inputs.set(target, { name: target, type: info.type });
    }
  }
  for (const node of graph.nodes) {
    const copy = renameNode(node, rename);
    whole.nodes.push({ ...copy, name: node.name && `${name}/${node.name}` });
    copy.outputs.forEach((output) => whole.defined.add(output));
  }
  for (const [value, type] of graph.values) whole.values.set(rename(value), type);
  addOutputs(whole, name, graph, rename);
}

/**
 * What a part's dimensions are in the whole: those of a connected input are its source's, or keep
 * their names where it becomes a new input; all others are the part's own.
 */
function symbolsOf(whole: Whole, { name, model, connect = {} }: Part): (dim: Dim) => Dim {
  const known = new Map<string, Dim>();
  for (const { name: input, type } of model.graph.inputs) {
    const target = connect[input];
    if (target === undefined) continue;
    const info = whole.inputs.get(target) ?? whole.outputs.get(target);
    const there = dimsOf(info?.type ?? whole.values.get(target));
    dimsOf(type)?.forEach((dim, axis) => {
      const other = there?.[axis] ?? dim;
      if (typeof dim === "string" && !known.has(dim) && !isUnknownDim(other)) known.set(dim, other);
    });
  }
  const replacement = (symbol: string): Dim => {
    const dim = known.get(symbol) ?? (isUnknownDim(symbol) ? unknownDim() : `${name}.${symbol}`);
    known.set(symbol, dim);
    return dim;
  };
  return (dim) => replaceSymbols(dim, replacement);
}

function dimsOf(type: ValueType | undefined): readonly Dim[] | undefined {
  return type?.kind === "tensor" ? type.dims : undefined;
}

/** Outputs keep their part's name, also where they are an input or a weight passed through. */
function addOutputs(whole: Whole, name: string, graph: Graph, rename: Rename): void {
  for (const { name: output, type } of graph.outputs) {
    const wanted = `${name}.${output}`;
    const value = rename(output);
    if (value !== wanted) whole.nodes.push(identity(value, wanted));
    whole.defined.add(wanted);
    whole.outputs.set(wanted, { name: wanted, type });
  }
}

function identity(input: string, output: string): Node {
  return {
    name: `${output}/Identity`,
    opType: "Identity",
    domain: "",
    inputs: [input],
    outputs: [output],
    attributes: {},
  };
}

function checkConnections(
  name: string,
  graph: Graph,
  connect: Readonly<Record<string, string>>,
): void {
  const inputs = graph.inputs.map((info) => info.name);
  const unknown = Object.keys(connect).filter((input) => !inputs.includes(input));
  if (unknown.length === 0) return;
  const list = (names: readonly string[]) => names.map((n) => `"${n}"`).join(", ");
  throw new BuildError(
    `Cannot connect ${list(unknown)} of part "${name}": its inputs are ${list(inputs)}`,
  );
}

function mergeDomains(parts: readonly Part[]): Record<string, number> {
  const domains: Record<string, number> = {};
  for (const [domain, version] of parts.flatMap(({ model }) => Object.entries(model.domains))) {
    domains[domain] = Math.max(domains[domain] ?? 0, version);
  }
  return domains;
}

/** @throws {BuildError} If two parts define one function differently. */
function mergeFunctions(parts: readonly Part[]): Model["functions"] {
  const merged = new Map<string, Model["functions"][number]>();
  for (const definition of parts.flatMap(({ model }) => model.functions)) {
    const key = `${definition.domain}.${definition.name}`;
    const known = merged.get(key);
    if (known && JSON.stringify(known) !== JSON.stringify(definition)) {
      throw new BuildError(`Cannot compose: two parts define function "${key}" differently`);
    }
    merged.set(key, definition);
  }
  return [...merged.values()];
}

/** Finds weights that are already there. */
class WeightPool {
  #byFingerprint = new Map<string, { name: string; weight: Weight }[]>();

  /** Adds a weight under a name unless an equal one is there; returns the name that represents it. */
  add(name: string, weight: Weight, initializers: Map<string, Weight>): string {
    const fingerprint = fingerprintOf(weight);
    const bucket = this.#byFingerprint.get(fingerprint) ?? [];
    const known = bucket.find((entry) => sameWeight(entry.weight, weight));
    if (known) return known.name;
    bucket.push({ name, weight });
    this.#byFingerprint.set(fingerprint, bucket);
    initializers.set(name, weight);
    return name;
  }
}

/** Equal weights have equal fingerprints; the bytes themselves are compared only where they agree. */
function fingerprintOf({ dtype, dims, data }: Weight): string {
  const shape = `${dtype} ${dims}`;
  if (data.kind === "text") return `${shape} ${data.texts.length}`;
  if (data.kind === "external") {
    return `${shape} ${data.directory}/${data.location} ${data.offset}`;
  }
  const stride = Math.max(1, Math.floor(data.bytes.length / 64));
  let hash = 0;
  for (let i = 0; i < data.bytes.length; i += stride) hash = (hash * 31 + data.bytes[i]!) | 0;
  return `${shape} ${hash}`;
}

function sameWeight(a: Weight, b: Weight): boolean {
  if (a.data.kind !== "inline" || b.data.kind !== "inline") {
    return a.data.kind === "external" && b.data.kind === "external";
  }
  const [x, y] = [a.data.bytes, b.data.bytes];
  if (x.length !== y.length) return false;
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}
