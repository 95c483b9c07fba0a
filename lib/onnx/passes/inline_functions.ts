/** Replaces calls of local functions by their bodies. @module */
import { bindAttributes } from "../ir/bind_attributes.ts";
import type { FunctionDef, Graph, Model, Node } from "../ir/model.ts";
import { Unfolding } from "../infer/unfolding.ts";
import { mapSubgraphs, renameNode } from "../ir/rename.ts";

type Functions = ReadonlyMap<string, FunctionDef>;

function keyOf(domain: string, name: string): string {
  return `${domain}.${name}`;
}

/**
 * Replaces every call of a model-local function by the function's body, also in subgraphs and in other
 * functions; the result has no functions.
 *
 * @throws {DiagnosticError} If functions call each other in a circle, or again and again, so that the
 * result would be far larger than the model.
 *
 * @example
 * ```ts
 * import { GraphBuilder, inlineFunctions, type Model } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Square", [b.input("x", "float32", ["n"])], {}, "acme"), "y");
 * const body = { name: "", domain: "", attributes: {} };
 * const model: Model = {
 *   ...b.finish(),
 *   functions: [{
 *     domain: "acme",
 *     name: "Square",
 *     inputs: ["a"],
 *     outputs: ["b"],
 *     attributes: [],
 *     attributeDefaults: {},
 *     opsets: { "": 18 },
 *     nodes: [{ ...body, opType: "Mul", inputs: ["a", "a"], outputs: ["b"] }],
 *   }],
 * };
 * assertEquals(inlineFunctions(model).graph.nodes[0]?.opType, "Mul");
 * ```
 */
export function inlineFunctions(model: Model): Model {
  if (model.functions.length === 0) return model;
  const functions = new Map(model.functions.map((f) => [keyOf(f.domain, f.name), f]));
  const inliner = new Inliner(functions);
  const graph = inliner.graph(model.graph);
  const domains: Record<string, number> = Object.fromEntries(
    Object.entries(model.domains).filter(([d]) => !model.functions.some((f) => f.domain === d)),
  );
  for (const f of model.functions) {
    for (const [domain, version] of Object.entries(f.opsets)) {
      if (domain !== "" && !model.functions.some((g) => g.domain === domain)) {
        domains[domain] ??= version;
      }
    }
  }
  return { ...model, graph, domains, functions: [] };
}

class Inliner {
  readonly #functions: Functions;
  readonly #unfolding = new Unfolding();
  #calls = 0;

  constructor(functions: Functions) {
    this.#functions = functions;
  }

  graph(graph: Graph): Graph {
    return { ...graph, nodes: graph.nodes.flatMap((node) => this.node(node)) };
  }

  node(node: Node): Node[] {
    this.#unfolding.count(node);
    const called = this.#functions.get(keyOf(node.domain, node.opType));
    if (called === undefined) return [this.#withSubgraphs(node)];
    return this.#unfolding.within(
      node,
      () => this.#body(called, node).flatMap((inner) => this.node(inner)),
    );
  }

  /** The body with the call's values and attributes; its own values get a name per call. */
  #body(called: FunctionDef, node: Node): Node[] {
    const scope = `${node.name || called.name}/${this.#calls++}`;
    const names = new Map<string, string>([["", ""]]);
    called.inputs.forEach((name, i) => names.set(name, node.inputs[i] ?? ""));
    const passed = called.inputs.map((name) => names.get(name)!);
    called.outputs.forEach((name, i) => {
      if (!names.has(name) && node.outputs[i]) names.set(name, node.outputs[i]!);
    });
    const rename = (name: string) => names.get(name) ?? `${scope}/${name}`;
    const attributes = { ...called.attributeDefaults, ...node.attributes };
    const body = called.nodes.map((inner) => renameNode(bindAttributes(inner, attributes), rename));
    return [
      ...body.map((n) => ({ ...n, name: n.name && `${scope}/${n.name}` })),
      ...passThrough(called, node, passed),
    ];
  }

  #withSubgraphs(node: Node): Node {
    return mapSubgraphs(node, (graph) => this.graph(graph));
  }
}

/** Outputs of a function that are its inputs need a node that gives them the call's name. */
function passThrough(called: FunctionDef, node: Node, passed: readonly string[]): Node[] {
  return called.outputs.flatMap((name, i) => {
    const input = called.inputs.indexOf(name);
    const output = node.outputs[i];
    if (input < 0 || !output) return [];
    return [{
      name: output,
      opType: "Identity",
      domain: "",
      inputs: [passed[input]!],
      outputs: [output],
      attributes: {},
    }];
  });
}
