/** Operators between values, as Python has them. @module */
import { percentFormat } from "./format_text.ts";
import { checkSize, repeated, sought } from "./size_limit.ts";
import { TemplateError } from "./template_error.ts";
import {
  charactersOf,
  defined,
  itemsOf,
  numberOf,
  PyFloat,
  PyTuple,
  tupleOf,
  typeName,
  Undefined,
} from "./values.ts";

type Arithmetic = (left: number, right: number) => number;

const arithmetic: Readonly<Record<string, Arithmetic>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "//": (left, right) => Math.floor(left / right),
  // The result has the sign of the divisor.
  "%": (left, right) => left - right * Math.floor(left / right),
  "**": (left, right) => left ** right,
};

/** A value of two. @throws {TemplateError} If the operator does not go with their types. */
export function binary(operator: string, left: unknown, right: unknown): unknown {
  defined(left);
  if (operator === "%" && typeof left === "string") return percentFormat(left, right);
  defined(right);
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a !== undefined && b !== undefined) return calculated(operator, [left, right], [a, b]);
  const joined = operator === "+"
    ? sumOf(left, right)
    : operator === "*"
    ? times(left, right)
    : undefined;
  if (joined !== undefined) return joined;
  throw new TemplateError(
    `unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`,
  );
}

function calculated(
  operator: string,
  values: readonly [unknown, unknown],
  [a, b]: readonly [number, number],
): unknown {
  if (b === 0 && ["/", "//", "%"].includes(operator)) {
    throw new TemplateError("division by zero");
  }
  const result = arithmetic[operator]!(a, b);
  const isFloat = values.some((value) => value instanceof PyFloat) || operator === "/" ||
    (operator === "**" && b < 0);
  return isFloat ? new PyFloat(result) : result;
}

function sumOf(left: unknown, right: unknown): unknown {
  if (typeof left === "string" && typeof right === "string") return left + right;
  if (!Array.isArray(left) || !Array.isArray(right)) return undefined;
  if ((left instanceof PyTuple) !== (right instanceof PyTuple)) return undefined;
  const items = [...left, ...right];
  return left instanceof PyTuple ? tupleOf(items) : items;
}

function times(left: unknown, right: unknown): unknown {
  const isCount = (value: unknown) => typeof value === "number" || typeof value === "boolean";
  const [value, factor] = isCount(left) ? [right, left] : [left, right];
  if (!isCount(factor)) return undefined;
  const length = Math.max(0, Number(factor));
  if (typeof value === "string") return repeated(value, length);
  if (!Array.isArray(value)) return undefined;
  checkSize(Math.max(1, value.length) * length);
  const items = Array.from({ length }, () => [...value]).flat();
  return value instanceof PyTuple ? tupleOf(items) : items;
}

/** Whether two values are equal; numbers of different types may be. */
export function areEqual(left: unknown, right: unknown): boolean {
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a !== undefined || b !== undefined) return a === b;
  if (left instanceof Undefined) return right instanceof Undefined;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left instanceof PyTuple === right instanceof PyTuple && left.length === right.length &&
      left.every((item, i) => areEqual(item, right[i]));
  }
  if (left instanceof Map && right instanceof Map) {
    return left.size === right.size &&
      [...left].every(([key, item]) => right.has(key) && areEqual(item, right.get(key)));
  }
  return left === right;
}

/** Below 0, 0 or above: the order of two values. @throws {TemplateError} If they have none. */
export function compare(left: unknown, right: unknown, operator = "<"): number {
  const [a, b] = [numberOf(defined(left)), numberOf(defined(right))];
  if (a !== undefined && b !== undefined) return a - b;
  if (typeof left === "string" && typeof right === "string") {
    return compareTexts(left, right);
  }
  const areAlike = left instanceof PyTuple === right instanceof PyTuple;
  if (Array.isArray(left) && Array.isArray(right) && areAlike) {
    const at = left.findIndex((item, i) => i >= right.length || !areEqual(item, right[i]));
    if (at < 0 || at >= right.length) return left.length - right.length;
    return compare(left[at], right[at], operator);
  }
  throw new TemplateError(
    `'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
  );
}

/** The order of texts by their characters, of which JavaScript sees some as two. */
function compareTexts(left: string, right: string): number {
  const [a, b] = [charactersOf(left), charactersOf(right)];
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const distance = a[i]!.codePointAt(0)! - b[i]!.codePointAt(0)!;
    if (distance !== 0) return distance;
  }
  return a.length - b.length;
}

/** Whether a value is in another. @throws {TemplateError} If nothing can be in it. */
export function contains(container: unknown, value: unknown): boolean {
  if (typeof container === "string") {
    if (typeof value === "string") return container.includes(sought(value, container));
    defined(value);
    throw new TemplateError(
      `'in <string>' requires string as left operand, not ${typeName(value)}`,
    );
  }
  if (container instanceof Map) return container.has(keyOf(value));
  const items = itemsOf(container);
  if (items !== undefined) return items.some((item) => areEqual(item, value));
  throw new TemplateError(`argument of type '${typeName(container)}' is not iterable`);
}

/** A value as the key of a dict. */
export function keyOf(value: unknown): unknown {
  return numberOf(value) ?? value;
}

/** Whether a comparison holds. */
export function holds(operator: string, left: unknown, right: unknown): boolean {
  switch (operator) {
    case "==":
      return areEqual(left, right);
    case "!=":
      return !areEqual(left, right);
    case "in":
      return contains(right, left);
    case "not in":
      return !contains(right, left);
    case "<":
      return compare(left, right, operator) < 0;
    case "<=":
      return compare(left, right, operator) <= 0;
    case ">":
      return compare(left, right, operator) > 0;
    default:
      return compare(left, right, operator) >= 0;
  }
}
