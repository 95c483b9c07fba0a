/** Gives expressions their values. @module */
import { applyFilter, isFilter } from "./filters.ts";
import { attributeGetter, oneByOne } from "./list_filters.ts";
import { attributeOf, itemOf, sliceOf } from "./lookup.ts";
import { binary, holds, keyOf } from "./operators.ts";
import { textOf } from "./python_text.ts";
import type { Scope } from "./scope.ts";
import { joined } from "./size_limit.ts";
import type { Arguments, Expression } from "./syntax.ts";
import { TemplateError } from "./template_error.ts";
import { testOf, tests } from "./tests.ts";
import {
  defined,
  isTrue,
  iterate,
  lengthOf,
  type Named,
  numberOf,
  PyFloat,
  PyFunction,
  PyIterator,
  PyObject,
  tupleOf,
  typeName,
  Undefined,
} from "./values.ts";

/** Calls a function. */
export type Call = PyFunction["call"];

/** What a step and an item of a list cost; a character costs 1. */
const stepCost = 20;

/** Evaluates expressions, and counts what that costs. */
export class Evaluator {
  readonly #spend: (cost: number) => void;

  constructor(spend: (cost: number) => void) {
    this.#spend = spend;
  }

  /** The value of an expression. @throws {TemplateError} If it has none. */
  readonly evaluate = (expression: Expression, scope: Scope): unknown => {
    const value = this.#value(expression, scope);
    const size = value instanceof PyIterator ? value.size : lengthOf(value) ?? 0;
    this.#spend(stepCost + (typeof value === "string" ? size : stepCost * size));
    return value;
  };

  /** A text behind filters that a block names. @throws {TemplateError} If it names none. */
  filterText(filter: Expression, text: string, scope: Scope): unknown {
    if (filter.kind !== "filter") throw new TemplateError("expected a filter");
    const value = filter.of === undefined ? text : this.filterText(filter.of, text, scope);
    return this.#filter(filter.name, value, filter.args, scope);
  }

  /** Calls what an expression calls, with one more argument. @throws {TemplateError} If it is no call. */
  callWith(call: Expression, scope: Scope, [name, value]: readonly [string, unknown]): unknown {
    if (call.kind !== "call") throw new TemplateError("expected a call");
    const [values, named] = this.#arguments(call.args, scope);
    return called(this.evaluate(call.of, scope), values, new Map([...named, [name, value]]));
  }

  #value(expression: Expression, scope: Scope): unknown {
    const { evaluate } = this;
    switch (expression.kind) {
      case "constant":
        return expression.value;
      case "name":
        return scope.get(expression.name);
      case "list":
        return expression.items.map((item) => evaluate(item, scope));
      case "tuple":
        return tupleOf(expression.items.map((item) => evaluate(item, scope)));
      case "dict":
        return new Map(
          expression.entries.map((
            [key, item],
          ) => [keyOf(evaluate(key, scope)), evaluate(item, scope)]),
        );
      case "attribute":
        return attributeOf(evaluate(expression.of, scope), expression.name);
      case "item":
        return itemOf(evaluate(expression.of, scope), evaluate(expression.key, scope));
      case "slice":
        return sliceOf(
          evaluate(expression.of, scope),
          expression.bounds.map((bound) =>
            bound === undefined ? undefined : evaluate(bound, scope)
          ),
        );
      case "call":
        return called(evaluate(expression.of, scope), ...this.#arguments(expression.args, scope));
      case "filter":
        return this.#filter(
          expression.name,
          evaluate(expression.of!, scope),
          expression.args,
          scope,
        );
      case "test":
        return this.#test(expression, scope);
      default:
        return this.#combined(expression, scope);
    }
  }

  /** Values of others, by operators. */
  #combined(expression: Expression, scope: Scope): unknown {
    const { evaluate } = this;
    switch (expression.kind) {
      case "not":
        return !isTrue(evaluate(expression.of, scope));
      case "negative":
      case "positive":
        return signed(evaluate(expression.of, scope), expression.kind === "negative" ? -1 : 1);
      case "and": {
        const left = evaluate(expression.left, scope);
        return isTrue(left) ? evaluate(expression.right, scope) : left;
      }
      case "or": {
        const left = evaluate(expression.left, scope);
        return isTrue(left) ? left : evaluate(expression.right, scope);
      }
      case "binary": {
        const { operator, left, right } = expression;
        return binary(operator, evaluate(left, scope), evaluate(right, scope));
      }
      case "concat":
        return joined(expression.items.map((item) => textOf(evaluate(item, scope))));
      case "compare":
        return this.#compare(expression, scope);
      case "choice": {
        if (isTrue(evaluate(expression.test, scope))) return evaluate(expression.yes, scope);
        if (expression.no !== undefined) return evaluate(expression.no, scope);
        return new Undefined(
          "the inline if-expression evaluated to false and no else section was defined",
        );
      }
      default:
        throw new TemplateError(`${expression.kind} has no value`);
    }
  }

  #compare(
    { first, others }: Extract<Expression, { kind: "compare" }>,
    scope: Scope,
  ): boolean {
    let left = this.evaluate(first, scope);
    return others.every(([operator, other]) => {
      const right = this.evaluate(other, scope);
      const result = holds(operator, left, right);
      left = right;
      return result;
    });
  }

  #test(
    { name, of, args }: Extract<Expression, { kind: "filter" | "test" }>,
    scope: Scope,
  ): boolean {
    const value = this.evaluate(of!, scope);
    if (name === "filter") return isFilter(textOf(value));
    if (name === "test") return Object.hasOwn(tests, textOf(value));
    const [values] = this.#arguments(args, scope);
    return testOf(name)(value, values[0]);
  }

  #filter(name: string, value: unknown, args: Arguments, scope: Scope): unknown {
    const [values, named] = this.#arguments(args, scope);
    if (name !== "map") return applyFilter(name, value, values, named);
    const change = mapping(values, named);
    return oneByOne(value, function* (item) {
      yield change(item);
    });
  }

  #arguments(args: Arguments, scope: Scope): readonly [readonly unknown[], Named] {
    const { evaluate } = this;
    const { values, named, spread, spreadNamed } = args;
    const list = values.map((value) => evaluate(value, scope));
    const byName = new Map(named.map(([name, value]) => [name, evaluate(value, scope)]));
    if (spread !== undefined) list.push(...iterate(evaluate(spread, scope)));
    const more = spreadNamed === undefined ? undefined : evaluate(spreadNamed, scope);
    if (more instanceof Map) { for (const [name, value] of more) byName.set(textOf(name), value); }
    return [list, byName];
  }
}

/** `map` takes an attribute, or a filter and what it takes. */
function mapping(values: readonly unknown[], named: Named): (item: unknown) => unknown {
  if (values.length > 0) {
    const [name, ...rest] = values;
    return (item) => applyFilter(textOf(name), item, rest, named);
  }
  const get = attributeGetter(named.get("attribute"));
  const absent = named.get("default");
  return (item) => {
    const value = get(item);
    return value instanceof Undefined && absent !== undefined ? absent : value;
  };
}

function signed(value: unknown, sign: number): unknown {
  const number = numberOf(defined(value));
  if (number === undefined) {
    throw new TemplateError(`bad operand type for unary -: '${typeName(value)}'`);
  }
  return value instanceof PyFloat ? new PyFloat(sign * number) : sign * number + 0;
}

function called(value: unknown, args: readonly unknown[], named: Named): unknown {
  defined(value);
  if (value instanceof PyFunction) return value.call(args, named);
  if (value instanceof PyObject && value.call !== undefined) return value.call(args, named);
  throw new TemplateError(`'${typeName(value)}' object is not callable`);
}
