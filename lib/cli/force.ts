/** `--force`: tasks to run although they are cached. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { type Plan, selectTargets, type Task } from "../pipeline/plan/plan.ts";
import type { CommandArguments } from "./command.ts";

/** `--force` means all tasks, `--force=STAGE` those of a stage. */
export function forceRule(args: CommandArguments, plan: Plan): (task: Task) => boolean {
  const forced = args.options.get("force") ?? [];
  if (forced.includes("")) return () => true;
  const named = selectTargets(plan, forced);
  if (!named.ok) throw new DiagnosticError(named.error);
  return (task) => forced.includes(task.stage) || forced.includes(task.id);
}
