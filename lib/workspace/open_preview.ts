/** Opens a pipeline and looks up its tasks in the store, for commands that run nothing. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { selectTargets, type Task } from "../pipeline/plan/plan.ts";
import { previewPlan, type TaskPreview } from "../pipeline/plan/preview.ts";
import { forceRule } from "./force_rule.ts";
import {
  type OpenedPipeline,
  type OpenOptions,
  openPipeline,
  type PipelineFile,
} from "./open_pipeline.ts";

/** An opened pipeline, and its tasks as the store has them. */
export interface OpenedPreview extends OpenedPipeline {
  readonly previews: readonly TaskPreview[];
}

/** What to look up, and how. */
export interface PreviewOptions extends OpenOptions {
  /** `STAGE` or `STAGE[cell]`; all where there is none. */
  readonly targets?: readonly string[];
  /** As `forceRule` takes them. */
  readonly force?: readonly string[];
  /** The device in the keys, if they have one. */
  readonly provider?: string | undefined;
}

/**
 * Opens a pipeline, and looks up the tasks of the targets and what they
 * need; all by default.
 *
 * @throws {DiagnosticError} with all mistakes of the file, or for a target that does not exist.
 */
export async function openPreview(
  file: PipelineFile,
  { targets = [], force = [], provider, onOpen, ...open }: PreviewOptions = {},
): Promise<OpenedPreview> {
  const opened = await openPipeline(file, open);
  try {
    const selected = selectTargets(opened.plan, targets);
    if (!selected.ok) throw new DiagnosticError(selected.error);
    const previews = await previewPlan(opened.plan, {
      ...opened,
      selected: selected.value,
      force: forceRule(opened.plan, force),
      ...(provider === undefined ? {} : { provider }),
    });
    await onOpen?.(opened);
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
