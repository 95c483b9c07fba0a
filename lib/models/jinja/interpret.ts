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
    return joined(body.map((statement) => this.#text(statement, scope)));
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
    const text = this.run(statement.body, new Scope(scope));
    const { filter } = statement;
    const value = filter === undefined ? text : this.#evaluator.filterText(filter, text, scope);
    if (statement.kind === "filter") return textOf(value);
    assign(statement.target, value, scope);
    return "";
  }

  #loop(loop: Loop, scope: Scope, of: unknown, depth: number): string {
    const items = iterate(of).filter((item) => this.#passes(loop, item, scope));
    if (items.length === 0) return this.run(loop.otherwise, scope);
    const texts: string[] = [];
    const changes = new Map<string, unknown>();
    for (let at = 0; at < items.length; at++) {
      const inner = new Scope(scope);
      inner.set("loop", this.#loopObject(loop, scope, { items, at, depth }, changes));
      assign(loop.target, items[at], inner);
      // A round writes up to where it ends.
      const written: string[] = [];
      const signal = this.#round(loop.body, inner, written);
      texts.push(joined(written));
      if (signal === "break") break;
    }
    return joined(texts);
  }

  #round(body: Body, scope: Scope, written: string[]): "break" | "continue" | undefined {
    for (const statement of body) {
      try {
        written.push(this.#text(statement, scope));
      } catch (error) {
        if (!(error instanceof LoopSignal)) throw error;
        return error.kind;
      }
    }
    return undefined;
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
    const call: Call = (values, named) => {
      const inner = new Scope(scope);
      const rest = new Map(named);
      parameters.forEach(({ name: parameter, absent }, i) => {
        const given = i < values.length ? values[i] : rest.get(parameter);
        rest.delete(parameter);
        inner.set(parameter, given === undefined ? this.#absent(parameter, absent, inner) : given);
      });
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
