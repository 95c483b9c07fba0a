/** Orders the stages for expansion: each after those that it refers to. @module */
import { eachExpression, shortened } from "../read/expression.ts";
import { orderByNeeds } from "./graph.ts";
import type { PipelineSpec } from "../read/parse.ts";
import { pathText } from "../read/problem.ts";
import type { Scope } from "./scope.ts";

/** Stages by need; cycles are reported and their stages left out. */
export function orderStages(spec: PipelineSpec, scope: Scope): readonly string[] {
  const needs = new Map<string, Set<string>>();
  for (const [name, entry] of Object.entries(spec.stages)) {
    const found = new Set<string>();
    eachExpression(entry, [], (expression) => {
      const [root, stage] = expression.path;
      if (root === "stages" && stage !== undefined && Object.hasOwn(spec.stages, stage)) {
        found.add(stage);
      }
    });
    needs.set(name, found);
  }
  for (;;) {
    const result = orderByNeeds(needs);
    if (result.ok) return result.order;
    reportCycle(spec, scope, result.cycle);
    for (const name of result.cycle) needs.delete(name);
    for (const found of needs.values()) result.cycle.forEach((name) => found.delete(name));
  }
}

function reportCycle(spec: PipelineSpec, scope: Scope, cycle: readonly string[]): void {
  const [first, second] = cycle as [string, string];
  let reported = false;
  eachExpression(spec.stages[first], ["stages", first], (expression, path) => {
    if (reported || expression.path[0] !== "stages" || expression.path[1] !== second) return;
    reported = true;
    scope.report({
      code: "cycle",
      path,
      excerpt: expression.text,
      message: `Cannot order the stages: ${cycle.join(" needs ")}`,
      notes: ["take out one of these references"],
    });
  });
}

/** Variables see no stage and no matrix: they are the same for all tasks. */
export function reportVariables(spec: PipelineSpec, scope: Scope): void {
  for (const [name, value] of Object.entries(spec.vars ?? {})) {
    eachExpression(value, ["vars", name], (expression, path) => {
      const root = expression.path[0];
      if (root !== "stages" && root !== "matrix") return;
      scope.report({
        code: "broken-reference",
        path,
        excerpt: expression.text,
        message: `Cannot follow ${shortened(expression.text)} in ${pathText(path)}: ` +
          "variables may refer to vars and env only",
      });
    });
  }
}
