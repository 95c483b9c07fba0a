/** Tests: what may stand behind `is`. A new one is a row here. @module */
import { compare, holds } from "./operators.ts";
import { textOf } from "./python_text.ts";
import { TemplateError } from "./template_error.ts";
import {
  defined,
  integerOf,
  isIterable,
  numberOf,
  PyFloat,
  PyFunction,
  PyObject,
  PyRange,
  Undefined,
} from "./values.ts";

/** Whether a value passes, given an argument. */
export type Test = (value: unknown, other: unknown) => boolean;

const operator = (sign: string): Test => (value, other) => holds(sign, value, other);
const equal = operator("==");
const above: Test = (value, other) => compare(value, other, ">") > 0;
const below: Test = (value, other) => compare(value, other) < 0;

/** The tests by name. */
export const tests: Readonly<Record<string, Test>> = {
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  string: (value) => typeof value === "string",
  number: (value) => numberOf(value) !== undefined,
  integer: (value) => typeof value === "number",
  float: (value) => value instanceof PyFloat,
  boolean: (value) => typeof value === "boolean",
  true: (value) => value === true,
  false: (value) => value === false,
  mapping: (value) => value instanceof Map,
  sequence: (value) =>
    typeof value === "string" || Array.isArray(value) || value instanceof Map ||
    value instanceof PyRange || value instanceof Undefined,
  iterable: isIterable,
  callable: (value) =>
    value instanceof PyFunction || (value instanceof PyObject && value.call !== undefined) ||
    value instanceof Undefined,
  lower: (value) => isCase(textOf(value), "toLowerCase"),
  upper: (value) => isCase(textOf(value), "toUpperCase"),
  escaped: () => false,
  odd: (value) => Math.abs(integerOf(value) % 2) === 1,
  even: (value) => integerOf(value) % 2 === 0,
  divisibleby: (value, other) => integerOf(value) % integerOf(other) === 0,
  sameas: (value, other) => value === other,
  in: operator("in"),
  eq: equal,
  equalto: equal,
  "==": equal,
  ne: operator("!="),
  "!=": operator("!="),
  gt: above,
  greaterthan: above,
  ">": above,
  lt: below,
  lessthan: below,
  "<": below,
  ge: operator(">="),
  ">=": operator(">="),
  le: operator("<="),
  "<=": operator("<="),
};

/** A test by its name. @throws {TemplateError} If there is none. */
export function testOf(name: string): Test {
  if (Object.hasOwn(tests, name)) return tests[name]!;
  throw new TemplateError(`No test named '${textOf(defined(name))}'`);
}

function isCase(text: string, change: "toLowerCase" | "toUpperCase"): boolean {
  return text.toLowerCase() !== text.toUpperCase() && text === text[change]();
}
