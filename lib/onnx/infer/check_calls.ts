/** Finds functions that call themselves, or that are defined twice. @module */
import type { Graph, Model, Node } from "../ir/model.ts";

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
