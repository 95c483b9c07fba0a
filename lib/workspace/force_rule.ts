/** Selects the tasks that run although they are cached. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { type Plan, selectTargets, type Task } from "../pipeline/plan/plan.ts";

/**
 * Which tasks are meant: `""` all, `STAGE` or `STAGE[cell]` those of that name.
 *
 * @throws {DiagnosticError} for a name that the plan does not have.
 */
export function forceRule(plan: Plan, forced: readonly string[]): (task: Task) => boolean {
  if (forced.includes("")) return () => true;
  const named = selectTargets(plan, forced);
  if (!named.ok) throw new DiagnosticError(named.error);
  return (task) => forced.includes(task.stage) || forced.includes(task.id);
}
