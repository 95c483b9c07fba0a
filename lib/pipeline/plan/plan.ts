/** Plans a pipeline: a list of tasks, each after those it needs. @module */
import type { Diagnostic, Result } from "../../diagnostic/diagnostic.ts";
import { suggestions } from "../../diagnostic/suggest.ts";
import type { CheckedParameters, CheckRequest } from "./check_stage.ts";
import { withNeeds } from "./graph.ts";
import type { HiddenValues } from "../contract/hidden_values.ts";
import type { ExecutorSettings, Resources } from "../contract/job.ts";
import type { PipelineSpec } from "../read/parse.ts";
import type { Reference, ReferencedTask, Slot } from "../contract/slot.ts";
import type { Isolation, ParameterKind, Stage } from "../contract/stage.ts";

/** What is known of a stage type without running any of its code. */
export type StageFacts = Pick<
  Stage,
  | "name"
  | "description"
  | "outputs"
  | "files"
  | "imagesOf"
  | "picturesOf"
  | "fits"
  | "renamed"
  | "cpu"
  | "isolation"
  | "permissions"
>;

/** A stage type and where its code is. */
export type StageModule = LoadedStage | RemoteStage;

/** A stage type whose code is loaded. */
export interface LoadedStage {
  readonly stage: Stage;
  /** URL of the module. */
  readonly module: string;
}

/** A stage type whose code must not run in this process. */
export interface RemoteStage {
  readonly stage: StageFacts;
  /** URL of the module. */
  readonly module: string;
  /** What its schema makes of the parameters of tasks. */
  check(requests: readonly CheckRequest[]): Promise<readonly CheckedParameters[]>;
}

/** The stage types of a pipeline, loaded. */
export interface StageLookup {
  /** Names that `uses:` may give. */
  readonly names: readonly string[];
  get(uses: string): StageModule | undefined;
  /** Why there is no such stage type, if that is known. */
  mistake?(uses: string): NameMistake | undefined;
}

/** What is wrong with a name, and what would be right. */
export interface NameMistake {
  readonly cause: string;
  readonly notes?: readonly string[];
}

/** Side in pixels of the square images of a data set, by its name or path; undefined: not known. */
export type ImageSides = (kind: ParameterKind, name: string) => Promise<number | undefined>;

/** What planning may read besides the file. */
export interface PlanOptions {
  /** The process environment; empty by default. */
  readonly readEnv?: (name: string) => string | undefined;
  /** Replaces secrets by their names in the names of tasks. */
  readonly hide?: (text: string) => string;
  /** Checks the name of a model, data set or file, or the path of an artifact, before anything runs. */
  readonly checkName?: (
    kind: ParameterKind,
    name: string,
  ) => NameMistake | undefined | Promise<NameMistake | undefined>;
  /** Sizes of the images of data sets, where they are known before anything runs. */
  readonly imageSides?: ImageSides;
}

/** How often and why a task is tried again. */
export interface RetryRule {
  readonly attempts: number;
  readonly backoffMs: number;
  readonly on: readonly string[];
}

/** One stage × one matrix cell. */
export interface Task extends ReferencedTask {
  /** Name of the stage in the file. */
  readonly stage: string;
  readonly uses: string;
  readonly module: string;
  readonly definition: StageFacts;
  /** Checked parameters; `Slot`s and `Reference`s where inputs go. */
  readonly parameters: unknown;
  /** The slots and references in its parameters. */
  readonly slots: readonly (Slot | Reference)[];
  /** Tasks whose outputs it takes, by index; all are smaller than its own. */
  readonly needs: readonly number[];
  readonly environment: Readonly<Record<string, string>>;
  readonly resources: Resources;
  readonly retries: RetryRule;
  readonly timeoutMs?: number;
  readonly executor?: ExecutorSettings;
}

/**
 * Where a task runs. One with variables of its own never shares the runner's process: other tasks
 * in it would see them.
 */
export function isolationOf({ definition, environment }: Task): Isolation {
  const { isolation = "worker" } = definition;
  const isAlone = Object.keys(environment).length > 0;
  return isAlone && isolation === "inline" ? "worker" : isolation;
}

/** All tasks of a pipeline in an order in which each comes after its needs. */
export interface Plan {
  readonly name: string;
  readonly spec: PipelineSpec;
  /** Values of the environment that the file refers to. */
  readonly hidden: HiddenValues;
  readonly tasks: readonly Task[];
  /** Tasks by stage, in the order of the file's stages by need. */
  readonly stages: ReadonlyMap<string, readonly Task[]>;
  /** Warnings about the file, which is valid nevertheless. */
  readonly warnings?: readonly Diagnostic[];
}

/**
 * Tasks of the named stages (or task ids) and all they need.
 *
 * @example
 * ```ts
 * import {
 *   DiagnosticError,
 *   loadStages,
 *   parsePipeline,
 *   planPipeline,
 *   selectTargets,
 * } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const parsed = await parsePipeline("name: demo\nstages: { a: { uses: noop } }\n", {
 *   path: "demo.yaml",
 * });
 * if (!parsed.ok) throw new DiagnosticError(parsed.error);
 * const folder = new URL(`file://${Deno.cwd()}/stages/`);
 * const planned = await planPipeline(parsed.value, await loadStages(parsed.value, [folder]));
 * if (!planned.ok) throw new DiagnosticError(planned.error);
 * const selected = selectTargets(planned.value, ["a"]);
 * assertEquals(selected.ok && selected.value, new Set([0]));
 * ```
 */
export function selectTargets(
  plan: Plan,
  targets: readonly string[],
): Result<ReadonlySet<number>, readonly Diagnostic[]> {
  const unknown: Diagnostic[] = [];
  const wanted = targets.flatMap((target) => {
    const tasks = plan.stages.get(target) ?? plan.tasks.filter((task) => task.id === target);
    if (tasks.length === 0) {
      const message = `Cannot select "${target}": the pipeline has no such stage or task`;
      const notes = suggestions(target, plan.stages.keys());
      unknown.push({ code: "unknown-target", severity: "error", message, notes });
    }
    return tasks.map((task) => task.index);
  });
  if (unknown.length > 0) return { ok: false, error: unknown };
  if (targets.length === 0) return { ok: true, value: new Set(plan.tasks.keys()) };
  return { ok: true, value: withNeeds(plan.tasks, wanted) };
}
