/** Finds what makes a model invalid. @module */
import { type Diagnostic, DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { CallForms, callProblems } from "./check_calls.ts";
import { GraphTypes } from "./graph_types.ts";
import { placeOf } from "./wrong_node.ts";
import type { Dim, FunctionDef, Graph, Model, Node, ValueType } from "../ir/model.ts";
import { bodyProblems } from "../ir/body_signature.ts";
import { oldestOpset } from "../ir/oldest_opset.ts";
import { formProblems, isStandardOp } from "../ir/op_signature.ts";
import { newestOpset } from "../ir/op_signatures.ts";
import { printType } from "../ir/print.ts";
import { opRow, opTable } from "./table.ts";
import { storedBytes, weightSize } from "../ir/weight.ts";

/**
 * Checks a model as ONNX's checker does: everything that {@linkcode checkStructure} finds, and that
 * attributes and inputs fit the types and shapes that they meet. Declared shapes between nodes that are
 * not true are warnings: the graph counts.
 *
 * @returns What is wrong, in the order of the graph; empty for a valid model.
 *
 * @example
 * ```ts
 * import { checkModel, GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Neg", [b.input("x", "float32", [2])]), "y");
 * const model = b.finish();
 * assertEquals(checkModel(model), []);
 *
 * const broken = { ...model, graph: { ...model.graph, inputs: [] } };
 * assertEquals(checkModel(broken).map(({ code }) => code), ["undefined-value"]);
 * ```
 */
export function checkModel(model: Model): readonly Diagnostic[] {
  const found = [...checkStructure(model)];
  if (!found.some((d) => d.severity === "error")) found.push(...typeProblems(model));
  return found;
}

/**
 * Checks that every value is defined once and before it is read, in branches and functions too, that
 * outputs exist, that functions do not call themselves, that domains, operators and the form of nodes
 * are known, and that weights have as many bytes as their shapes need.
 *
 * @returns What is wrong, in the order of the graph.
 */
export function checkStructure(model: Model): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (code: string, message: string, severity: Diagnostic["severity"] = "error") =>
    found.push({ code, severity, message });
  const check = new Checker(model, report);
  check.graph(model.graph, new Set(), model.opset);
  for (const f of model.functions) check.function(f);
  for (const message of callProblems(model)) report("function-calls", message);
  return found;
}

type Report = (code: string, message: string, severity?: Diagnostic["severity"]) => void;
type Define = (name: string, by: string) => void;

class Checker {
  readonly #model: Model;
  readonly #report: Report;
  readonly #calls: CallForms;

  constructor(model: Model, report: Report) {
    this.#model = model;
    this.#report = report;
    this.#calls = new CallForms(model);
  }

  /** `outer` are the values that a subgraph may read, and must not define again. */
  graph(graph: Graph, outer: ReadonlySet<string>, opset: number): void {
    const defined = new Set(outer);
    const own = new Set<string>();
    const define: Define = (name, by) => {
      if (own.has(name)) this.#definedTwice(name, by);
      own.add(name);
      defined.add(name);
    };
    for (const { name } of graph.inputs) define(name, "an input");
    for (const [name, weight] of graph.initializers) {
      if (!own.has(name)) define(name, "an initializer");
      if (storedBytes(weight) !== weightSize(weight)) {
        this.#report(
          "weight-size",
          `Cannot use weight "${name}": ${weight.dtype}[${weight.dims}] has ${
            weightSize(weight)
          } bytes, but ${storedBytes(weight)} are stored`,
        );
      }
    }
    const inner: Define = (name, by) => {
      if (outer.has(name)) this.#definedTwice(name, by);
      define(name, by);
    };
    this.#nodes(graph.nodes, defined, inner, {
      opset,
      later: "it is defined only later, or depends on itself in a cycle",
    });
    for (const { name } of graph.outputs) {
      if (!defined.has(name)) {
        this.#report("undefined-output", `Cannot give output "${name}": nothing defines it`);
      }
    }
  }

  #definedTwice(name: string, by: string): void {
    this.#report(
      "duplicate-value",
      `Cannot define value "${name}" by ${by}: it is already defined`,
    );
  }

  function(f: FunctionDef): void {
    const whose = `function "${f.domain}.${f.name}"`;
    const defined = new Set(f.inputs);
    const define: Define = (name, by) => {
      if (defined.has(name)) this.#definedTwice(name, by);
      defined.add(name);
    };
    const opset = f.opsets[""] ?? this.#model.opset;
    this.#nodes(f.nodes, defined, define, { opset, later: "it is defined only later", whose });
    for (const name of f.outputs) {
      if (!defined.has(name)) {
        this.#report(
          "undefined-output",
          `Cannot give output "${name}" of ${whose}: nothing defines it`,
        );
      }
    }
  }

  #nodes(
    nodes: readonly Node[],
    defined: Set<string>,
    define: Define,
    { opset, later, whose }: { opset: number; later: string; whose?: string },
  ): void {
    const uses = new Map<string, number>();
    const made = new Set(nodes.flatMap((node) => node.outputs));
    for (const node of nodes) {
      const place = whose === undefined ? placeOf(node) : `${placeOf(node)} of ${whose}`;
      const use = (uses.get(node.name) ?? 0) + 1;
      uses.set(node.name, use);
      // Runtimes do not mind, and exporters do it.
      if (use === 2 && node.name !== "") {
        this.#report("duplicate-node", `Several nodes are named "${node.name}"`, "warning");
      }
      this.#operator(node, place, opset);
      for (const name of node.inputs) {
        if (name === "" || defined.has(name)) continue;
        const why = made.has(name) ? later : "nothing defines it";
        this.#report("undefined-value", `Cannot read value "${name}" in ${place}: ${why}`);
      }
      for (const a of Object.values(node.attributes)) {
        if (a.type === "graph") this.graph(a.value, defined, opset);
        if (a.type === "graphs") a.value.forEach((g) => this.graph(g, defined, opset));
      }
      for (const name of node.outputs) if (name !== "") define(name, place);
    }
  }

  #operator(node: Node, place: string, opset: number): void {
    const { domain, opType } = node;
    if (this.#calls.isCall(node)) {
      for (const problem of this.#calls.problems(node)) {
        this.#report("wrong-form", `Cannot use ${place}: ${problem}`);
      }
    } else if (opType === "") {
      this.#report("unknown-operator", `Cannot run ${place}: it names no operator`);
    } else if (domain !== "" && !Object.hasOwn(this.#model.domains, domain)) {
      this.#report(
        "unknown-domain",
        `Cannot run ${place}: the model does not import domain "${domain}"`,
        Object.hasOwn(opTable, domain) ? "warning" : "error",
      );
    } else if (domain === "") this.#standardOperator(node, place, opset);
    else if (opRow(domain, opType) === undefined) this.#unknown(node, place, "warning");
  }

  #standardOperator(node: Node, place: string, opset: number): void {
    if (isStandardOp(node.opType)) {
      for (const problem of [...formProblems(node, opset), ...bodyProblems(node, opset)]) {
        this.#report("wrong-form", `Cannot use ${place}: ${problem}`);
      }
    } else if (opRow("", node.opType) === undefined) {
      this.#unknown(node, place, opset > newestOpset ? "warning" : "error");
    }
  }

  #unknown({ domain, opType }: Node, place: string, severity: Diagnostic["severity"]): void {
    const name = `${domain && `${domain}.`}${opType}`;
    this.#report(
      "unknown-operator",
      `Cannot tell the types of ${place}: operator ${name} is not known`,
      severity,
    );
  }
}

/**
 * Nodes that do not fit the types they meet, and declared types against inferred ones, of a model in
 * which {@linkcode checkStructure} finds nothing.
 */
export function typeProblems(model: Model): readonly Diagnostic[] {
  // The rules know the forms of newer operator sets alone.
  if (model.opset < oldestOpset) return [];
  const types = new GraphTypes({ opset: model.opset, functions: model.functions });
  try {
    types.addGraph(model.graph);
  } catch (error) {
    if (error instanceof DiagnosticError) return [...error.diagnostics];
    throw error;
  }
  const declared = [
    ...model.graph.values,
    ...model.graph.outputs.map((o) => [o.name, o.type] as const),
  ];
  return declared.flatMap(([name, type]) => declaredProblem(name, type, types.types.get(name)));
}

function declaredProblem(
  name: string,
  declared: ValueType,
  inferred: ValueType | undefined,
): Diagnostic[] {
  if (inferred === undefined) return [];
  if (!isSameKind(inferred, declared)) {
    const message = `Cannot be ${printType(declared)}: value "${name}" is ${printType(inferred)}`;
    return [{ code: "wrong-type", severity: "error", message }];
  }
  if (canBeShape(inferred, declared)) return [];
  const message = `Value "${name}" is declared as ${printType(declared)}, but is ${
    printType(inferred)
  }: the declaration is ignored`;
  return [{ code: "untrue-shape", severity: "warning", message }];
}

function isSameKind(a: ValueType, b: ValueType): boolean {
  if (a.kind === "unknown" || b.kind === "unknown") return true;
  if (a.kind !== "tensor" || b.kind !== "tensor") return a.kind === b.kind;
  return a.dtype === b.dtype;
}

function canBeShape(a: ValueType, b: ValueType): boolean {
  if (a.kind !== "tensor" || b.kind !== "tensor") return true;
  if (a.dims === undefined || b.dims === undefined) return true;
  const declared = b.dims;
  return a.dims.length === declared.length &&
    a.dims.every((d, axis) => canBeSize(d, declared[axis]!));
}

/** A symbol of the graph may be any size, but a declared one is not the same size for every run. */
function canBeSize(inferred: Dim, declared: Dim): boolean {
  if (typeof declared === "string" || inferred === declared) return true;
  return typeof inferred === "string" && inferred.includes("?");
}
