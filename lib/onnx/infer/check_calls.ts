/**
 * Finds functions that call themselves, or that are defined twice, and calls that give a function
 * more or less than it takes.
 *
 * @module
 */
import type { FunctionDef, Graph, Model, Node } from "../ir/model.ts";
import { leftOut, wrongCount } from "../ir/op_signature.ts";
import { placeOf } from "./wrong_node.ts";

/** What is wrong with the functions of a model, one message each. */
export function callProblems(model: Model): string[] {
  const calls = new Map<string, readonly string[]>();
  const problems: string[] = [];
  for (const { domain, name, nodes } of model.functions) {
    const key = `${domain}.${name}`;
    if (calls.has(key)) problems.push(`Cannot use function "${key}": it is defined twice`);
    calls.set(key, [...callsIn(nodes)]);
  }
  const circle = circleIn(calls);
  if (circle === undefined) return problems;
  const [first, ...rest] = circle;
  return [
    ...problems,
    `Cannot use function "${first}": it calls itself${through(rest.slice(0, -1))}`,
  ];
}

function through(functions: readonly string[]): string {
  if (functions.length === 0) return "";
  const shown = functions.slice(0, 5).map((name) => `"${name}"`).join(", ");
  return ` through ${shown}${functions.length > 5 ? ", …" : ""}`;
}

function* callsIn(nodes: readonly Node[]): Generator<string> {
  for (const node of nodes) {
    yield `${node.domain}.${node.opType}`;
    for (const graph of graphsOf(node)) yield* callsIn(graph.nodes);
  }
}

function graphsOf(node: Node): readonly Graph[] {
  return Object.values(node.attributes).flatMap((attribute) =>
    attribute.type === "graph"
      ? [attribute.value]
      : attribute.type === "graphs"
      ? attribute.value
      : []
  );
}

/** Depth first with a stack of its own; the functions of a circle, the first one also at the end. */
function circleIn(calls: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of calls.keys()) {
    const path = new Set([start]);
    const open = [visit(calls, start)];
    while (open.length > 0) {
      const { called, name } = open.at(-1)!;
      const next = called.next();
      if (next.done) {
        open.pop();
        path.delete(name);
        done.add(name);
      } else if (path.has(next.value)) {
        const names = [...path];
        return [...names.slice(names.indexOf(next.value)), next.value];
      } else if (!done.has(next.value)) {
        path.add(next.value);
        open.push(visit(calls, next.value));
      }
    }
  }
  return undefined;
}

function visit(calls: ReadonlyMap<string, readonly string[]>, name: string) {
  const called = new Set(calls.get(name)!.filter((other) => calls.has(other)));
  return { name, called: called.values() };
}

/** A function, and those of its inputs that a call leaves out. */
interface Call {
  readonly called: FunctionDef;
  readonly absent: ReadonlySet<string>;
}

/** What calls of a model's functions may look like. */
export class CallForms {
  readonly #functions: ReadonlyMap<string, FunctionDef>;
  readonly #opset: number;
  /** Calls that are known to be right, or were reported already. */
  readonly #seen = new Set<string>();

  constructor({ functions, opset }: Model) {
    this.#functions = new Map(functions.map((f) => [nameOf(f), f]));
    this.#opset = opset;
  }

  /** Whether a node calls one of the functions. */
  isCall(node: Node): boolean {
    return this.#functions.has(`${node.domain}.${node.opType}`);
  }

  /** What is wrong with a call, continuing "Cannot use … node: ". */
  problems(node: Node): string[] {
    const called = this.#functions.get(`${node.domain}.${node.opType}`)!;
    const { inputs, outputs } = called;
    const counts = [
      ...wrongCount("input", node.inputs.length, upTo(inputs.length)),
      ...wrongCount("output", node.outputs.length, upTo(outputs.length)),
    ];
    return counts.length > 0 ? counts : this.#needed({ called, absent: absentOf(called, node) });
  }

  /** Inputs that are left out though a node of the function, or of one that it calls, reads them. */
  #needed(first: Call): string[] {
    const open = this.#unseen([first]);
    for (let call = open.pop(); call !== undefined; call = open.pop()) {
      const { called, absent } = call;
      for (const node of called.nodes) {
        if (!node.inputs.some((name) => absent.has(name))) continue;
        const given = { ...node, inputs: node.inputs.map((name) => absent.has(name) ? "" : name) };
        const inner = this.#functions.get(`${node.domain}.${node.opType}`);
        if (inner !== undefined) {
          open.push(...this.#unseen([{ called: inner, absent: absentOf(inner, given) }]));
          continue;
        }
        const at = leftOut(given, called.opsets[""] ?? this.#opset);
        if (at === undefined) continue;
        return [
          `its function "${nameOf(called)}" gets no input "${node.inputs[at]}", but ${
            placeOf(node)
          } reads`,
        ];
      }
    }
    return [];
  }

  #unseen(calls: readonly Call[]): Call[] {
    return calls.filter(({ called, absent }) => {
      const key = JSON.stringify([nameOf(called), ...absent]);
      const isNew = absent.size > 0 && !this.#seen.has(key);
      this.#seen.add(key);
      return isNew;
    });
  }
}

const nameOf = ({ domain, name }: FunctionDef) => `${domain}.${name}`;

const upTo = (most: number) => ({ least: 0, most });

function absentOf({ inputs }: FunctionDef, node: Node): ReadonlySet<string> {
  return new Set(inputs.filter((_, i) => !node.inputs[i]));
}
