/** Runs the statements of a template. @module */
import { type Call, Evaluator } from "./evaluate.ts";
import { textOf } from "./python_text.ts";
import { Scope } from "./scope.ts";
import { joined } from "./size_limit.ts";
import type { Body, Parameter, Statement, Target } from "./syntax.ts";
import { TemplateError } from "./template_error.ts";
import { isTrue, iterate, Namespace, PyFunction, PyObject, tupleOf, Undefined } from "./values.ts";

/** Ends one round of a loop, or the loop. */
class LoopSignal {
  readonly kind: "break" | "continue";
  /** What the round had written by then. */
  text = "";

  constructor(kind: "break" | "continue") {
    this.kind = kind;
  }
}

type Loop = Extract<Statement, { kind: "for" }>;

/** What a round of a loop sees of itself. */
interface Round {
  readonly items: readonly unknown[];
  readonly at: number;
  readonly depth: number;
}

/** Writes the text of a template. */
export class Interpreter {
  readonly #evaluator: Evaluator;
  readonly #spend: (cost: number) => void;

  /** @param spend Called with the costs of each step. */
  constructor(spend: (cost: number) => void) {
    this.#evaluator = new Evaluator(spend);
    this.#spend = spend;
  }

  /** The text of some statements. */
  run(body: Body, scope: Scope): string {
    const texts: string[] = [];
    for (const statement of body) {
      try {
        texts.push(this.#text(statement, scope));
      } catch (error) {
        if (error instanceof LoopSignal) error.text = joined([...texts, error.text]);
        throw error;
      }
    }
    return joined(texts);
  }

  #text(statement: Statement, scope: Scope): string {
    const { evaluate } = this.#evaluator;
    switch (statement.kind) {
      case "text":
        this.#spend(statement.text.length);
        return statement.text;
      case "print":
        return textOf(evaluate(statement.value, scope));
      case "if": {
        const branch = statement.branches.find(([test]) => isTrue(evaluate(test, scope)));
        return this.run(branch?.[1] ?? statement.otherwise, scope);
      }
      case "for":
        return this.#loop(statement, scope, evaluate(statement.of, scope), 0);
      case "set":
        assign(statement.target, evaluate(statement.value, scope), scope);
        return "";
      case "set-text":
      case "filter":
        return this.#filtered(statement, scope);
      case "macro":
        scope.set(statement.name, this.#macro(statement.name, statement, scope));
        return "";
      case "call":
        return this.#callBlock(statement, scope);
      case "with": {
        const inner = new Scope(scope);
        for (const [target, value] of statement.values) {
          assign(target, evaluate(value, scope), inner);
        }
        return this.run(statement.body, inner);
      }
      default:
        throw new LoopSignal(statement.kind);
    }
  }

  #filtered(
    statement: Extract<Statement, { kind: "set-text" | "filter" }>,
    scope: Scope,
  ): string {
    const text = this.#whole(statement.body, new Scope(scope));
    const { filter } = statement;
    const value = filter === undefined ? text : this.#evaluator.filterText(filter, text, scope);
    if (statement.kind === "filter") return textOf(value);
    assign(statement.target, value, scope);
    return "";
  }

  #loop(loop: Loop, scope: Scope, of: unknown, depth: number): string {
    const items = iterate(of).filter((item) => this.#passes(loop, item, scope));
    if (items.length === 0) return this.run(loop.otherwise, new Scope(scope));
    const texts: string[] = [];
    const changes = new Map<string, unknown>();
    for (let at = 0; at < items.length; at++) {
      const inner = new Scope(scope);
      inner.set("loop", this.#loopObject(loop, scope, { items, at, depth }, changes));
      assign(loop.target, items[at], inner);
      try {
        texts.push(this.run(loop.body, inner));
      } catch (error) {
        if (!(error instanceof LoopSignal)) throw error;
        texts.push(error.text);
        if (error.kind === "break") break;
      }
    }
    return joined(texts);
  }

  /** The text of a block that is used as a whole; of one that a loop leaves, nothing. */
  #whole(body: Body, scope: Scope): string {
    try {
      return this.run(body, scope);
    } catch (error) {
      if (error instanceof LoopSignal) error.text = "";
      throw error;
    }
  }

  #passes({ target, test }: Loop, item: unknown, scope: Scope): boolean {
    if (test === undefined) return true;
    const inner = new Scope(scope);
    assign(target, item, inner);
    return isTrue(this.#evaluator.evaluate(test, inner));
  }

  #loopObject(
    loop: Loop,
    scope: Scope,
    { items, at, depth }: Round,
    changes: Map<string, unknown>,
  ): PyObject {
    const { length } = items;
    const neighbour = (place: number, name: string) =>
      place in items ? items[place] : new Undefined(`there is no ${name} item`);
    const attributes: Record<string, unknown> = {
      index: at + 1,
      index0: at,
      revindex: length - at,
      revindex0: length - at - 1,
      first: at === 0,
      last: at === length - 1,
      length,
      depth: depth + 1,
      depth0: depth,
      previtem: neighbour(at - 1, "previous"),
      nextitem: neighbour(at + 1, "next"),
      cycle: new PyFunction("cycle", (values) => values[at % values.length]),
      changed: new PyFunction("changed", (values) => {
        const shown = textOf(tupleOf(values));
        const isSame = changes.get("last") === shown;
        changes.set("last", shown);
        return !isSame;
      }),
    };
    const again: Call | undefined = loop.recursive
      ? ([inner]) => this.#loop(loop, scope, inner, depth + 1)
      : undefined;
    return new PyObject("LoopContext", new Map(Object.entries(attributes)), again);
  }

  #callBlock(statement: Extract<Statement, { kind: "call" }>, scope: Scope): string {
    const caller = this.#macro("caller", statement, scope);
    return textOf(this.#evaluator.callWith(statement.call, scope, ["caller", caller]));
  }

  #macro(
    name: string,
    { parameters, body }: { readonly parameters: readonly Parameter[]; readonly body: Body },
    scope: Scope,
  ): PyObject {
    const used = new Set(["varargs", "kwargs", "caller"].filter((one) => mentions(body, one)));
    const call: Call = (values, named) => {
      const inner = new Scope(scope);
      const rest = new Map(named);
      parameters.forEach(({ name: parameter, absent }, i) => {
        const given = i < values.length ? values[i] : rest.get(parameter);
        if (i >= values.length) rest.delete(parameter);
        inner.set(parameter, given === undefined ? this.#absent(parameter, absent, inner) : given);
      });
      refuseUnused(name, { parameters, used }, [values, rest]);
      const caller = rest.get("caller");
      rest.delete("caller");
      if (caller !== undefined) inner.set("caller", caller);
      inner.set("varargs", tupleOf(values.slice(parameters.length)));
      inner.set("kwargs", rest);
      return this.run(body, inner);
    };
    const attributes = new Map<string, unknown>([
      ["name", name],
      ["arguments", tupleOf(parameters.map((parameter) => parameter.name))],
    ]);
    return new PyObject("Macro", attributes, call);
  }

  #absent(name: string, value: Parameter["absent"], scope: Scope): unknown {
    if (value !== undefined) return this.#evaluator.evaluate(value, scope);
    return new Undefined(`parameter '${name}' was not provided`);
  }
}

/** Whether a part of a template names something. */
function mentions(part: unknown, name: string): boolean {
  if (typeof part !== "object" || part === null) return false;
  const { kind, name: own } = part as { readonly kind?: unknown; readonly name?: unknown };
  return (kind === "name" && own === name) ||
    Object.values(part).some((inner) => mentions(inner, name));
}

/** A macro takes more than its parameters only where it uses it. @throws {TemplateError} If it does not. */
function refuseUnused(
  name: string,
  { parameters, used }: {
    readonly parameters: readonly Parameter[];
    readonly used: ReadonlySet<string>;
  },
  [values, rest]: readonly [readonly unknown[], ReadonlyMap<string, unknown>],
): void {
  if (values.length > parameters.length && !used.has("varargs")) {
    throw new TemplateError(
      `macro '${name}' takes not more than ${parameters.length} argument(s)`,
    );
  }
  const odd = [...rest.keys()].find((one) => !used.has(one === "caller" ? one : "kwargs"));
  if (odd === undefined) return;
  throw new TemplateError(`macro '${name}' takes no keyword argument '${odd}'`);
}

function assign(target: Target, value: unknown, scope: Scope): void {
  if (target.kind === "name") return scope.set(target.name, value);
  if (target.kind === "attribute") {
    const owner = scope.get(target.of);
    if (!(owner instanceof Namespace)) {
      throw new TemplateError("cannot assign attribute on non-namespace object");
    }
    owner.attributes.set(target.name, value);
    return;
  }
  const items = iterate(value);
  const { targets } = target;
  if (items.length !== targets.length) {
    const problem = items.length < targets.length
      ? `not enough values to unpack (expected ${targets.length}, got ${items.length})`
      : `too many values to unpack (expected ${targets.length})`;
    throw new TemplateError(problem);
  }
  targets.forEach((one, i) => assign(one, items[i], scope));
}
