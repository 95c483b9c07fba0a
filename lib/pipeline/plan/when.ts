/** Evaluates `when:`, which leaves out stages and cells of a matrix. @module */
import { eachExpression } from "../read/expression.ts";
import type { Cell } from "./matrix.ts";
import { type DocumentPath, pathText } from "../read/problem.ts";
import type { Scope } from "./scope.ts";

const falseWords = ["", "false", "0", "no", "off"];

/** Whether a condition has to be evaluated for every cell. */
export function asksCells(when: unknown): boolean {
  let found = false;
  eachExpression(when, [], ({ path }) => found ||= path[0] === "matrix");
  return found;
}

/** Whether a condition holds; `undefined` where it makes no sense, which is reported. */
export function holds(
  scope: Scope,
  when: boolean | string,
  place: { readonly path: DocumentPath; readonly cell?: Cell },
): boolean | undefined {
  const { path, cell } = place;
  const value = scope.resolve(when, path, cell);
  if (value === undefined || typeof value === "boolean") return value;
  if (value === null || typeof value === "number") return Boolean(value);
  if (typeof value === "string") return !falseWords.includes(value.toLowerCase());
  return scope.report({
    code: "bad-condition",
    path,
    message: `Cannot decide by ${pathText(path)}: it is ${
      Array.isArray(value) ? "a list" : "a map or an artifact"
    }`,
    notes: ["a condition is true, false, a number or a word that is known before anything runs"],
  });
}
