/** Finds what makes a model invalid. @module */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { GraphTypes } from "./infer/graph_types.ts";
import type { Dim, FunctionDef, Graph, Model, Node, ValueType } from "./model.ts";
import { printType } from "./print.ts";
import { opRow, opTable } from "./infer/table.ts";
import { weightSize } from "./weight.ts";

/**
 * Checks that every value is defined once and before it is read, that outputs exist, that domains and
 * operators are known, that weights have as many bytes as their shapes need, and that declared types
 * can be true.
 *
 * @returns What is wrong, in the order of the graph; empty for a valid model.
 */
export function checkModel(model: Model): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (code: string, message: string, severity: Diagnostic["severity"] = "error") =>
    found.push({ code, severity, message });
  const check = new Checker(model, report);
  check.graph(model.graph, new Set());
  for (const f of model.functions) check.function(f);
  if (!found.some((d) => d.severity === "error")) checkTypes(model, report);
  return found;
}

type Report = (code: string, message: string, severity?: Diagnostic["severity"]) => void;

class Checker {
  readonly #model: Model;
  readonly #report: Report;
  readonly #functions: ReadonlySet<string>;

  constructor(model: Model, report: Report) {
    this.#model = model;
    this.#report = report;
    this.#functions = new Set(model.functions.map((f) => `${f.domain}.${f.name}`));
  }

  /** `outer` are the values that a subgraph may read. */
  graph(graph: Graph, outer: ReadonlySet<string>): void {
    const defined = new Set(outer);
    const own = new Set<string>();
    const define = (name: string, by: string) => {
      if (own.has(name)) {
        this.#report(
          "duplicate-value",
          `Cannot define value "${name}" by ${by}: it is defined already`,
        );
      }
      own.add(name);
      defined.add(name);
    };
    for (const { name } of graph.inputs) define(name, "an input");
    for (const [name, weight] of graph.initializers) {
      if (!own.has(name)) define(name, "an initializer");
      const { data } = weight;
      const length = data.kind === "inline" ? data.bytes.length : data.length;
      if (length !== weightSize(weight)) {
        this.#report(
          "weight-size",
          `Cannot use weight "${name}": ${weight.dtype}[${weight.dims}] has ${
            weightSize(weight)
          } bytes, there are ${length}`,
        );
      }
    }
    this.#nodes(graph.nodes, defined, define);
    for (const { name } of graph.outputs) {
      if (!defined.has(name)) {
        this.#report("undefined-output", `Cannot give output "${name}": nothing defines it`);
      }
    }
  }

  function(f: FunctionDef): void {
    const defined = new Set(f.inputs);
    this.#nodes(f.nodes, defined, (name) => defined.add(name));
    for (const name of f.outputs) {
      if (!defined.has(name)) {
        this.#report(
          "undefined-output",
          `Cannot give output "${name}" of function "${f.domain}.${f.name}": nothing defines it`,
        );
      }
    }
  }

  #nodes(
    nodes: readonly Node[],
    defined: Set<string>,
    define: (name: string, by: string) => void,
  ): void {
    const names = new Set<string>();
    const later = new Set(nodes.flatMap((node) => node.outputs));
    for (const node of nodes) {
      const place = placeOf(node);
      if (node.name !== "" && names.has(node.name)) {
        this.#report("duplicate-node", `Cannot name two nodes "${node.name}": names are unique`);
      }
      names.add(node.name);
      this.#operator(node, place);
      for (const name of node.inputs) {
        if (name === "" || defined.has(name)) continue;
        const why = later.has(name) ? "it is defined only later" : "nothing defines it";
        this.#report("undefined-value", `Cannot read value "${name}" in ${place}: ${why}`);
      }
      for (const a of Object.values(node.attributes)) {
        if (a.type === "graph") this.graph(a.value, defined);
        if (a.type === "graphs") a.value.forEach((g) => this.graph(g, defined));
      }
      for (const name of node.outputs) if (name !== "") define(name, place);
    }
  }

  #operator(node: Node, place: string): void {
    const { domain, opType } = node;
    if (this.#functions.has(`${domain}.${opType}`)) return;
    if (domain !== "" && !(domain in this.#model.domains)) {
      this.#report(
        "unknown-domain",
        `Cannot run ${place}: the model does not import domain "${domain}"`,
        domain in opTable ? "warning" : "error",
      );
    } else if (opRow(domain, opType) === undefined) {
      this.#report(
        "unknown-operator",
        `Cannot tell the types of ${place}: operator ${
          domain && `${domain}.`
        }${opType} is not known`,
        "warning",
      );
    }
  }
}

function placeOf(node: Node): string {
  const name = node.name || node.outputs.find((o) => o !== "") || "";
  return `${node.opType} node "${name}"`;
}

/** Declared types against inferred ones. */
function checkTypes(model: Model, report: Report): void {
  const types = new GraphTypes({ opset: model.opset, functions: model.functions });
  types.addGraph(model.graph);
  const declared = [
    ...model.graph.values,
    ...model.graph.outputs.map((o) => [o.name, o.type] as const),
  ];
  for (const [name, type] of declared) {
    const inferred = types.types.get(name);
    if (inferred !== undefined && !canBeSame(inferred, type)) {
      report(
        "wrong-type",
        `Cannot be ${printType(type)}: value "${name}" is ${printType(inferred)}`,
      );
    }
  }
}

function canBeSame(a: ValueType, b: ValueType): boolean {
  if (a.kind === "unknown" || b.kind === "unknown") return true;
  if (a.kind !== "tensor" || b.kind !== "tensor") return a.kind === b.kind;
  if (a.dtype !== b.dtype) return false;
  if (a.dims === undefined || b.dims === undefined) return true;
  const other = b.dims;
  return a.dims.length === other.length && a.dims.every((d, axis) => canBeSize(d, other[axis]!));
}

function canBeSize(a: Dim, b: Dim): boolean {
  return typeof a === "string" || typeof b === "string" || a === b;
}
