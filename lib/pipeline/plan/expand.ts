/**
 * Turns a checked pipeline file into a graph of tasks: follows every reference, checks every
 * parameter.
 *
 * @module
 */
import type { Diagnostic, Result } from "../../diagnostic/diagnostic.ts";
import { suggestions } from "../../diagnostic/suggest.ts";
import { ParameterChecker } from "./check_parameters.ts";
import { sizeProblems } from "./check_sizes.ts";
import { type CheckedParameters, checkParameters, type CheckRequest } from "./check_stage.ts";
import { executorSettings, mergeExecutorSettings } from "../contract/executor_spec.ts";
import { HiddenValues } from "../contract/hidden_values.ts";
import type { ExecutorSettings } from "../contract/job.ts";
import { type Cell, cellLabels } from "./matrix.ts";
import type { PipelineSpec } from "../read/parse.ts";
import type { Plan, PlanOptions, StageLookup, StageModule, Task } from "./plan.ts";
import {
  type DocumentPath,
  eachOnce,
  isWarning,
  locateProblems,
  type Problem,
} from "../read/problem.ts";
import { Scope } from "./scope.ts";
import { PlanTooLarge } from "./plan_budget.ts";
import { Reference, Slot } from "../contract/slot.ts";
import type { StageSpec, TaskSettings } from "../read/spec.ts";
import { valueAt } from "../read/trace.ts";
import { problemsOfIssues } from "../read/zod_issue.ts";
import { outputsMistake } from "../contract/stage_outputs.ts";
import { stageCells } from "./stage_cells.ts";
import { orderStages, reportVariables } from "./stage_order.ts";
import { runRules } from "./task_settings.ts";
import { asksCells, holds } from "./when.ts";

/**
 * Follows all references, expands matrices, checks parameters. Reports all mistakes at once.
 *
 * @example
 * ```ts
 * import {
 *   DiagnosticError,
 *   loadStages,
 *   parsePipeline,
 *   planPipeline,
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
 * assertEquals(planned.value.tasks.map((task) => task.id), ["a"]);
 * ```
 */
export async function planPipeline(
  spec: PipelineSpec,
  stages: StageLookup,
  options: PlanOptions = {},
): Promise<Result<Plan, readonly Diagnostic[]>> {
  const { plan, problems } = await expandPipeline(spec, stages, options);
  const { imageSides } = options;
  const isGood = problems.every(isWarning);
  const sizes = isGood && imageSides ? await sizeProblems(plan, imageSides) : [];
  const all = await locateProblems(eachOnce([...problems, ...sizes]), spec.origins, spec);
  if (!all.every(isWarning)) return { ok: false, error: all };
  return { ok: true, value: all.length === 0 ? plan : { ...plan, warnings: all } };
}

/** The pure part of `planPipeline`: the plan is whole only if there are no problems. */
export async function expandPipeline(
  spec: PipelineSpec,
  stages: StageLookup,
  options: PlanOptions = {},
): Promise<{ readonly plan: Plan; readonly problems: readonly Problem[] }> {
  const hidden = new HiddenValues();
  const scope = new Scope({
    onEnv: (name, value) => hidden.add(name, value),
    vars: spec.vars ?? {},
    env: spec.env ?? {},
    readEnv: options.readEnv ?? (() => undefined),
    stageNames: Object.keys(spec.stages),
  });
  const tasks: Task[] = [];
  const plan = { name: spec.name, spec, hidden, tasks, stages: new Map<string, Task[]>() };
  try {
    await expandStages(plan, { scope, stages, options });
  } catch (error) {
    if (!(error instanceof PlanTooLarge)) throw error;
    scope.report(error.problem);
  }
  return { plan, problems: scope.problems };
}

/** Fills in the tasks. @throws {PlanTooLarge} */
async function expandStages(
  { spec, tasks, stages: byStage }: Plan & {
    readonly tasks: Task[];
    readonly stages: Map<string, Task[]>;
  },
  { scope, stages, options }: { scope: Scope; stages: StageLookup; options: PlanOptions },
): Promise<void> {
  reportVariables(spec, scope);
  const order = orderStages(spec, scope);
  const expander = new StageExpander(scope, tasks, { ...options, defaults: spec.defaults ?? {} });
  for (const name of order) {
    const entry = spec.stages[name]!;
    const found = stages.get(entry.uses);
    if (!found) {
      scope.report(unknownStage(name, entry.uses, stages));
      continue;
    }
    const made = await expander.expand(name, entry, found);
    if (!made) continue;
    byStage.set(name, made);
    scope.addStage(name, made);
  }
}

function unknownStage(name: string, uses: string, lookup: StageLookup): Problem {
  const { cause, notes = suggestions(uses, lookup.names) } = lookup.mistake?.(uses) ??
    { cause: "there is none of this name" };
  return {
    code: "unknown-stage",
    same: `stage type ${uses}`,
    path: ["stages", name, "uses"],
    message: `Cannot use "${uses}" as stage type of stages.${name}: ${cause}`,
    notes,
  };
}

interface ExpandOptions extends PlanOptions {
  readonly defaults: TaskSettings;
}

/** Expands one stage after the other into the list of tasks. */
class StageExpander {
  readonly #scope: Scope;
  readonly #tasks: Task[];
  readonly #checker: ParameterChecker;
  readonly #defaults: TaskSettings;
  readonly #hide: ((text: string) => string) | undefined;

  constructor(scope: Scope, tasks: Task[], options: ExpandOptions) {
    this.#scope = scope;
    this.#tasks = tasks;
    this.#defaults = options.defaults;
    this.#hide = options.hide;
    this.#checker = new ParameterChecker(scope, options.checkName);
  }

  /** The stage's tasks; `undefined` if its matrix is wrong, an empty list if it is left out. */
  async expand(name: string, entry: StageSpec, found: StageModule): Promise<Task[] | undefined> {
    const cells = this.#wantedCells(entry, ["stages", name]);
    if (!cells) return undefined;
    this.#scope.enterMatrix(cells);
    const labels = cellLabels(cells, this.#hide);
    const shared = sharedFields(name, entry, { found, defaults: this.#defaults });
    const base = ["stages", name, "with"];
    const requests = cells.map((cell) => {
      const written = this.#scope.resolve(entry.with ?? {}, base, cell);
      this.#scope.budget.spendOn(written, base);
      return { written, base };
    });
    const checks = await checkAll(found, requests);
    const tasks: Task[] = [];
    for (const [index, cell] of cells.entries()) {
      const label = labels[index]!;
      const id = label === "" ? name : `${name}[${label}]`;
      const { outputs } = checks[index]!;
      this.#checkOutputs(name, outputs);
      const accepted = await this.#checker.accept(checks[index]!, requests[index]!, label && id);
      const task = this.#task(entry, { ...shared, cell, label, id, ...accepted }, outputs);
      this.#tasks.push(task);
      tasks.push(task);
    }
    return tasks;
  }

  #wantedCells(entry: StageSpec, base: readonly string[]): readonly Cell[] | undefined {
    const { when = true } = entry;
    const path = [...base, "when"];
    const byCell = entry.matrix !== undefined && asksCells(when);
    const wanted = byCell || holds(this.#scope, when, { path });
    if (!wanted) return wanted === undefined ? undefined : [];
    const cells = stageCells(this.#scope, entry, base);
    if (!byCell || !cells) return cells;
    this.#scope.enterMatrix(cells);
    const answers = cells.map((cell) => holds(this.#scope, when, { path, cell }));
    return answers.includes(undefined) ? undefined : cells.filter((_, index) => answers[index]);
  }

  #task(
    entry: StageSpec,
    fields: SharedFields & Pick<Task, "cell" | "label" | "id" | "parameters" | "slots">,
    declared: Task["outputs"],
  ): Task {
    const { stage: name, cell } = fields;
    const base = ["stages", name];
    const env = {
      ...this.#scope.resolve(this.#defaults.env ?? {}, ["defaults", "env"], cell) as Cell,
      ...this.#scope.resolve(entry.env ?? {}, [...base, "env"], cell) as Cell,
    };
    const executor = this.#executor(entry, base, cell);
    return {
      ...fields,
      outputs: { ...fields.outputs, ...declared },
      ...(executor ? { executor } : {}),
      index: this.#tasks.length,
      needs: needsOf(fields.slots),
      environment: Object.fromEntries(
        Object.entries(env).filter(([, value]) => value !== null && value !== undefined)
          .map(([key, value]) => [key, String(value)]),
      ),
    };
  }

  /** Outputs that depend on the parameters: a user's own stage may choose their names. */
  #checkOutputs(stage: string, outputs: Task["outputs"]): void {
    const mistake = outputsMistake(outputs);
    if (mistake === undefined) return;
    const message = `Cannot plan stages.${stage}: ${mistake}`;
    this.#scope.report({ code: "unknown-artifact-type", path: ["stages", stage], message });
  }

  #executor(entry: StageSpec, base: DocumentPath, cell: Cell): ExecutorSettings | undefined {
    const { executor: general } = this.#defaults;
    const { executor: own } = entry;
    if (!general && !own) return undefined;
    return mergeExecutorSettings(
      this.#resolveExecutor(general ?? {}, ["defaults", "executor"], cell),
      this.#resolveExecutor(own ?? {}, [...base, "executor"], cell),
    );
  }

  /** Follows references, and checks what came of them as the file was checked before. */
  #resolveExecutor(settings: ExecutorSettings, base: DocumentPath, cell: Cell): ExecutorSettings {
    const input = this.#scope.resolve(settings, base, cell) as ExecutorSettings;
    const checked = executorSettings.safeParse(input);
    // What could not be followed is reported already.
    const issues = checked.error?.issues.filter(({ path }) =>
      valueAt(input, path.map(String)) !== undefined
    );
    problemsOfIssues(issues ?? [], { schema: executorSettings, base, input })
      .forEach((problem) => this.#scope.report(problem));
    return input;
  }
}

/** What a stage's schema makes of the parameters of its tasks, wherever its code may run. */
function checkAll(
  found: StageModule,
  requests: readonly CheckRequest[],
): Promise<readonly CheckedParameters[]> | readonly CheckedParameters[] {
  if ("check" in found) return found.check(requests);
  return requests.map((request) => checkParameters(found.stage, request));
}

/** What the tasks of a stage have in common. */
type SharedFields = Omit<
  Task,
  "id" | "index" | "cell" | "label" | "parameters" | "slots" | "needs" | "environment" | "executor"
>;

function sharedFields(
  name: string,
  entry: StageSpec,
  { found, defaults }: { readonly found: StageModule; readonly defaults: TaskSettings },
): SharedFields {
  return {
    stage: name,
    uses: entry.uses,
    module: found.module,
    definition: found.stage,
    outputs: found.stage.outputs,
    ...runRules(entry, defaults, found.stage.cpu),
  };
}

/** Tasks whose outputs the parameters hold. */
function needsOf(slots: Task["slots"]): number[] {
  const needs = slots.flatMap((slot) => {
    const written = slot instanceof Slot ? slot.value : slot;
    return written instanceof Reference ? [written.task.index] : [];
  });
  return [...new Set(needs)].sort((a, b) => a - b);
}
