/** Makes the cells of a stage's matrix, after its axes are followed and checked. @module */
import { suggestions } from "../../diagnostic/suggest.ts";
import { type Cell, expandMatrix } from "./matrix.ts";
import { type DocumentPath, pathText } from "../read/problem.ts";
import type { Scope } from "./scope.ts";
import type { StageSpec } from "../read/spec.ts";

/** The cells of a stage; `undefined` if an axis is wrong, which is reported. */
export function stageCells(
  scope: Scope,
  entry: StageSpec,
  base: DocumentPath,
): readonly Cell[] | undefined {
  if (!entry.matrix) return [{}];
  const { include, exclude, ...axes } = entry.matrix;
  const path = [...base, "matrix"];
  const resolved: Record<string, unknown[]> = {};
  let broken = false;
  for (const [axis, written] of Object.entries(axes)) {
    if (!checkName(scope, axis, [...path, axis])) broken = true;
    const values = scope.resolve(written, [...path, axis]);
    if (Array.isArray(values) && values.length > 0 && !values.includes(undefined)) {
      resolved[axis] = values;
      continue;
    }
    broken = true;
    if (values !== undefined && !(Array.isArray(values) && values.includes(undefined))) {
      badAxis(scope, [...path, axis], values);
    }
  }
  const added = scope.resolve(include ?? [], [...path, "include"]) as Cell[];
  const removed = scope.resolve(exclude ?? [], [...path, "exclude"]) as Cell[];
  const count = Object.values(resolved).reduce((product, values) => product * values.length, 1);
  if (broken) return undefined;
  const { budget } = scope;
  budget.addTasks(count, path);
  // Each added cell is compared with those before it as well.
  const compared = (count + added.length) * (added.length + removed.length);
  budget.spend(compared / cellsPerValue, path);
  added.forEach((cell, index) =>
    Object.keys(cell).forEach((name) => checkName(scope, name, [...path, "include", index, name]))
  );
  removed.forEach((cell, index) => checkAxisNames(scope, cell, axes, [...path, "exclude", index]));
  const cells = expandMatrix({ axes: resolved, include: added, exclude: removed });
  if (cells.length === 0) noCells(scope, path);
  budget.addTasks(Math.max(0, cells.length - count), path);
  for (const cell of cells) budget.spendOn(cell, path);
  return cells;
}

/** Comparing cells costs less than making values. */
const cellsPerValue = 10;

/** A name that no reference can have would be of no use, and may be anything. */
function checkName(scope: Scope, name: string, path: DocumentPath): boolean {
  if (/^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(name)) return true;
  scope.report({
    code: "bad-axis",
    path,
    part: "key",
    message: `Cannot use ${JSON.stringify(name)} as the name of an axis: expected letters, ` +
      "digits, `_` and `-`",
  });
  return false;
}

function badAxis(scope: Scope, path: DocumentPath, values: unknown): void {
  const cause = Array.isArray(values) ? "has no values" : "is not a list";
  scope.report({
    code: "bad-axis",
    path,
    message: `Cannot expand ${pathText(path)}: the axis ${cause}`,
    notes: ["an axis is a list with at least one value, such as [0], or a reference to one"],
  });
}

function noCells(scope: Scope, path: DocumentPath): void {
  scope.report({
    code: "empty-matrix",
    path,
    part: "key",
    message: `Cannot expand ${pathText(path)}: no cell is left`,
  });
}

function checkAxisNames(
  scope: Scope,
  cell: Cell,
  axes: Readonly<Record<string, unknown>>,
  path: DocumentPath,
): void {
  for (const name of Object.keys(cell)) {
    if (name in axes) continue;
    scope.report({
      code: "unknown-axis",
      path: [...path, name],
      part: "key",
      message: `Cannot exclude by "${name}" in ${pathText(path)}: the matrix has no such axis`,
      notes: suggestions(name, Object.keys(axes)),
    });
  }
}
