/** A pipeline with what a run would find in the store: what commands that look begin with. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { selectTargets, type Task } from "../pipeline/plan/plan.ts";
import { previewPlan, type TaskPreview } from "../pipeline/plan/preview.ts";
import type { CommandArguments } from "./command.ts";
import { keyProvider } from "./device.ts";
import { forceRule } from "./force.ts";
import { type OpenedPipeline, type OpenOptions, openPipeline } from "./open_pipeline.ts";

/** An opened pipeline, and its tasks as the store has them. */
export interface OpenedPreview extends OpenedPipeline {
  readonly previews: readonly TaskPreview[];
}

/**
 * Opens the pipeline that the arguments name, and looks up the tasks of the targets and what they
 * need; all by default.
 *
 * @throws {DiagnosticError} with all mistakes of the file, or for a target that there is not.
 */
export async function openPreview(
  args: CommandArguments,
  options: OpenOptions & { readonly targets?: readonly string[] } = {},
): Promise<OpenedPreview> {
  const { targets = [], ...open } = options;
  const opened = await openPipeline(args, open);
  try {
    const selected = selectTargets(opened.plan, targets);
    if (!selected.ok) throw new DiagnosticError(selected.error);
    const provider = await keyProvider(args);
    const previews = await previewPlan(opened.plan, {
      ...opened,
      selected: selected.value,
      force: forceRule(args, opened.plan),
      ...(provider === undefined ? {} : { provider }),
    });
    return { ...opened, previews };
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whether a target, `STAGE` or `STAGE[cell]`, names a task itself rather than what it needs. */
export function isNamed({ stage, id }: Task, target: string): boolean {
  return stage === target || id === target;
}
