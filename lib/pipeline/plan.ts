/** A checked pipeline file to a graph of tasks: every reference followed, every parameter checked. @module */
import type { Diagnostic, Result } from "../diagnostic/diagnostic.ts";
import { suggestions } from "../diagnostic/suggest.ts";
import { eachExpression } from "./expression.ts";
import { orderByNeeds, withNeeds } from "./graph.ts";
import type { Resources } from "./job.ts";
import { type Cell, cellLabels, expandMatrix } from "./matrix.ts";
import type { PipelineSpec } from "./parse.ts";
import { type DocumentPath, locateProblems, pathText, type Problem } from "./problem.ts";
import { Scope } from "./scope.ts";
import { Reference, type ReferencedTask, Slot } from "./slot.ts";
import { durationMs, sizeBytes, type StageSpec } from "./spec.ts";
import type { ParameterKind, Stage } from "./stage.ts";
import { problemsOfIssues } from "./zod_issue.ts";

/** A stage type and where its code is. */
export interface StageModule {
  readonly stage: Stage;
  /** URL of the module. */
  readonly module: string;
}

/** The stage types of a pipeline, loaded. */
export interface StageLookup {
  /** Names that `uses:` may give. */
  readonly names: readonly string[];
  get(uses: string): StageModule | undefined;
}

/** What is wrong with a name, and what would be right. */
export interface NameMistake {
  readonly cause: string;
  readonly notes?: readonly string[];
}

/** How planning sees the world around the file. */
export interface PlanOptions {
  /** The process environment; empty by default. */
  readonly readEnv?: (name: string) => string | undefined;
  /** Looks at the name of a model, data set or file before anything runs. */
  readonly checkName?: (kind: ParameterKind["kind"], name: string) => NameMistake | undefined;
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
  readonly definition: Stage;
  /** Checked parameters; `Slot`s and `Reference`s where inputs go. */
  readonly parameters: unknown;
  /** Tasks whose outputs it takes, by index; all are smaller than its own. */
  readonly needs: readonly number[];
  readonly environment: Readonly<Record<string, string>>;
  readonly resources: Resources;
  readonly retries: RetryRule;
  readonly timeoutMs?: number;
}

/** All tasks of a pipeline in an order in which each comes after its needs. */
export interface Plan {
  readonly name: string;
  readonly spec: PipelineSpec;
  readonly tasks: readonly Task[];
  /** Tasks by stage, in the order of the file's stages by need. */
  readonly stages: ReadonlyMap<string, readonly Task[]>;
}

/** Follows all references, expands matrices, checks parameters. Reports all mistakes at once. */
export async function planPipeline(
  spec: PipelineSpec,
  stages: StageLookup,
  options: PlanOptions = {},
): Promise<Result<Plan, readonly Diagnostic[]>> {
  const { plan, problems } = expandPipeline(spec, stages, options);
  if (problems.length === 0) return { ok: true, value: plan };
  return { ok: false, error: await locateProblems(problems, spec.origins) };
}

/** The pure part of `planPipeline`: the plan is whole only if there are no problems. */
export function expandPipeline(
  spec: PipelineSpec,
  stages: StageLookup,
  options: PlanOptions = {},
): { readonly plan: Plan; readonly problems: readonly Problem[] } {
  const scope = new Scope({
    vars: spec.vars ?? {},
    env: spec.env ?? {},
    readEnv: options.readEnv ?? (() => undefined),
    stageNames: Object.keys(spec.stages),
  });
  const tasks: Task[] = [];
  const byStage = new Map<string, Task[]>();
  const plan: Plan = { name: spec.name, spec, tasks, stages: byStage };
  reportVariables(spec, scope);
  const order = orderStages(spec, scope);
  const expander = new StageExpander(scope, tasks, options);
  for (const name of order) {
    const entry = spec.stages[name]!;
    const found = stages.get(entry.uses);
    if (!found) {
      scope.report(unknownStage(name, entry.uses, stages.names));
      continue;
    }
    const made = expander.expand(name, entry, found);
    if (!made) continue;
    byStage.set(name, made);
    scope.addStage(name, made);
  }
  return { plan, problems: scope.problems };
}

/** Tasks of the named stages (or task ids) and all they need. */
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

function unknownStage(name: string, uses: string, known: readonly string[]): Problem {
  return {
    code: "unknown-stage",
    path: ["stages", name, "uses"],
    message: `Cannot find stage type "${uses}" of stages.${name}: there is no stages/${
      uses.replaceAll("-", "_")
    }.ts`,
    notes: suggestions(uses, known),
  };
}

function reportVariables(spec: PipelineSpec, scope: Scope): void {
  for (const [name, value] of Object.entries(spec.vars ?? {})) {
    eachExpression(value, ["vars", name], (expression, path) => {
      const root = expression.path[0];
      if (root !== "stages" && root !== "matrix") return;
      scope.report({
        code: "broken-reference",
        path,
        excerpt: expression.text,
        message: `Cannot follow ${expression.text} in ${pathText(path)}: ` +
          "variables may refer to vars and env only",
      });
    });
  }
}

/** Stages by need; a cycle is reported and its stages are left out. */
function orderStages(spec: PipelineSpec, scope: Scope): readonly string[] {
  const needs = new Map<string, Set<string>>();
  for (const [name, entry] of Object.entries(spec.stages)) {
    const found = new Set<string>();
    eachExpression(entry, [], (expression) => {
      const [root, stage] = expression.path;
      if (root === "stages" && stage !== undefined && stage in spec.stages) found.add(stage);
    });
    needs.set(name, found);
  }
  const result = orderByNeeds(needs);
  if (result.ok) return result.order;
  const [first, second] = result.cycle as [string, string];
  reportCycle(spec, scope, result.cycle, first, second);
  return [];
}

function reportCycle(
  spec: PipelineSpec,
  scope: Scope,
  cycle: readonly string[],
  first: string,
  second: string,
): void {
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

const defaultResources: Resources = { cpu: 2, gpu: 0 };
const defaultRetryReasons = ["crash", "timeout"];

/** Expands one stage after the other into the list of tasks. */
class StageExpander {
  readonly #scope: Scope;
  readonly #tasks: Task[];
  readonly #options: PlanOptions;
  readonly #checkedNames = new Map<string, NameMistake | undefined>();

  constructor(scope: Scope, tasks: Task[], options: PlanOptions) {
    this.#scope = scope;
    this.#tasks = tasks;
    this.#options = options;
  }

  /** The stage's tasks; `undefined` if its matrix is wrong, an empty list if it is left out. */
  expand(name: string, entry: StageSpec, found: StageModule): Task[] | undefined {
    const base = ["stages", name];
    if (entry.when !== undefined) {
      const value = this.#scope.resolve(entry.when, [...base, "when"]);
      if (value === undefined) return undefined;
      if (!value || value === "false" || value === "0") return [];
    }
    const cells = this.#cells(entry, base);
    if (!cells) return undefined;
    const labels = cellLabels(cells);
    const shared = this.#sharedFields(name, entry, found);
    return cells.map((cell, index) => {
      const task = this.#task(entry, { ...shared, cell, label: labels[index]! });
      this.#tasks.push(task);
      return task;
    });
  }

  #cells(entry: StageSpec, base: DocumentPath): readonly Cell[] | undefined {
    if (!entry.matrix) return [{}];
    const { include, exclude, ...axes } = entry.matrix;
    const path = [...base, "matrix"];
    const resolved: Record<string, unknown[]> = {};
    let broken = false;
    for (const [axis, written] of Object.entries(axes)) {
      const values = this.#scope.resolve(written, [...path, axis]);
      if (Array.isArray(values) && values.length > 0 && !values.includes(undefined)) {
        resolved[axis] = values;
        continue;
      }
      broken = true;
      if (values !== undefined && !(Array.isArray(values) && values.includes(undefined))) {
        this.#badAxis([...path, axis], values);
      }
    }
    const added = this.#scope.resolve(include ?? [], [...path, "include"]) as Cell[];
    const removed = this.#scope.resolve(exclude ?? [], [...path, "exclude"]) as Cell[];
    if (broken) return undefined;
    removed.forEach((cell, index) => this.#checkAxisNames(cell, axes, [...path, "exclude", index]));
    const cells = expandMatrix({ axes: resolved, include: added, exclude: removed });
    if (cells.length === 0) this.#noCells(path);
    return cells;
  }

  #badAxis(path: DocumentPath, values: unknown): void {
    const cause = Array.isArray(values) ? "has no values" : "is no list";
    this.#scope.report({
      code: "bad-axis",
      path,
      message: `Cannot expand ${pathText(path)}: the axis ${cause}`,
      notes: ["an axis is a list with at least one value, or a reference to one"],
    });
  }

  #noCells(path: DocumentPath): void {
    this.#scope.report({
      code: "empty-matrix",
      path,
      part: "key",
      message: `Cannot expand ${pathText(path)}: no cell is left`,
    });
  }

  #checkAxisNames(cell: Cell, axes: Readonly<Record<string, unknown>>, path: DocumentPath): void {
    for (const name of Object.keys(cell)) {
      if (name in axes) continue;
      this.#scope.report({
        code: "unknown-axis",
        path: [...path, name],
        part: "key",
        message: `Cannot exclude by "${name}" in ${pathText(path)}: the matrix has no such axis`,
        notes: suggestions(name, Object.keys(axes)),
      });
    }
  }

  #sharedFields(name: string, entry: StageSpec, found: StageModule): SharedFields {
    const { resources = {}, retries = 0, timeout } = entry;
    const retry = typeof retries === "number" ? { attempts: retries } : retries;
    return {
      stage: name,
      uses: entry.uses,
      module: found.module,
      definition: found.stage,
      outputs: found.stage.outputs,
      resources: {
        ...defaultResources,
        ...(resources.cpu === undefined ? {} : { cpu: resources.cpu }),
        ...(resources.gpu === undefined ? {} : { gpu: resources.gpu }),
        ...(resources.memory === undefined ? {} : { memoryBytes: sizeBytes(resources.memory) }),
      },
      retries: {
        attempts: retry.attempts,
        backoffMs: durationMs(retry.backoff ?? 1),
        on: retry.on ??
          (typeof retries === "number" ? ["error", ...defaultRetryReasons] : defaultRetryReasons),
      },
      ...(timeout === undefined ? {} : { timeoutMs: durationMs(timeout) }),
    };
  }

  #task(entry: StageSpec, fields: SharedFields & { cell: Cell; label: string }): Task {
    const { stage: name, cell, label } = fields;
    const base = ["stages", name];
    const written = this.#scope.resolve(entry.with ?? {}, [...base, "with"], cell);
    const env = this.#scope.resolve(entry.env ?? {}, [...base, "env"], cell) as Cell;
    const id = label === "" ? name : `${name}[${label}]`;
    const parameters = this.#check(fields.definition, written, [...base, "with"], label && id);
    const needs = new Set<number>();
    collectNeeds(parameters, needs);
    const declared = parameters === undefined
      ? undefined
      : fields.definition.declareOutputs?.(parameters);
    return {
      ...fields,
      ...(declared ? { outputs: { ...fields.outputs, ...declared } } : {}),
      id,
      index: this.#tasks.length,
      parameters,
      needs: [...needs].sort((a, b) => a - b),
      environment: Object.fromEntries(
        Object.entries(env).filter(([, value]) => value !== null && value !== undefined)
          .map(([key, value]) => [key, String(value)]),
      ),
    };
  }

  #check(stage: Stage, written: unknown, base: DocumentPath, cellId: string): unknown {
    // What could not be resolved has been reported: no second message about the hole it left.
    const broken = holesOf(written);
    const checked = stage.with.safeParse(written);
    if (checked.success) {
      this.#checkLeaves(checked.data, base);
      return checked.data;
    }
    const context = { schema: stage.with, base, input: written };
    for (const problem of problemsOfIssues(checked.error.issues, context)) {
      const path = pathText(problem.path);
      if (broken.some((hole) => path.startsWith(pathText([...base, ...hole])))) continue;
      const inCell = cellId === "" || problem.part === "key" ? [] : [`in task ${cellId}`];
      this.#scope.report({ ...problem, notes: [...(problem.notes ?? []), ...inCell] });
    }
    return undefined;
  }

  /** Names of models, data sets and files, and references that no mark has claimed. */
  #checkLeaves(value: unknown, path: DocumentPath): void {
    if (value instanceof Slot) {
      if (typeof value.value === "string") this.#checkName(value.kind.kind, value.value, path);
    } else if (value instanceof Reference) {
      if (value.output === undefined) this.#vagueReference(value, path);
    } else if (Array.isArray(value)) {
      value.forEach((item, index) => this.#checkLeaves(item, [...path, index]));
    } else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) this.#checkLeaves(item, [...path, key]);
    }
  }

  #vagueReference(reference: Reference, path: DocumentPath): void {
    const names = Object.keys(reference.task.outputs);
    this.#scope.report({
      code: "vague-reference",
      path,
      message: `Cannot use ${reference} as ${pathText(path)}: it names no output`,
      notes: [`outputs of ${reference.task.id}: ${names.join(", ")}`],
    });
  }

  #checkName(kind: ParameterKind["kind"], name: string, path: DocumentPath): void {
    const key = `${kind}\0${name}`;
    if (!this.#checkedNames.has(key)) {
      this.#checkedNames.set(key, this.#options.checkName?.(kind, name));
    }
    const mistake = this.#checkedNames.get(key);
    if (!mistake) return;
    this.#scope.report({
      code: `unknown-${kind}`,
      path,
      message: `Cannot use "${name}" as ${pathText(path)}: ${mistake.cause}`,
      ...(mistake.notes && mistake.notes.length > 0 ? { notes: mistake.notes } : {}),
    });
  }
}

/** What the tasks of a stage have in common. */
type SharedFields = Omit<
  Task,
  "id" | "index" | "cell" | "label" | "parameters" | "needs" | "environment"
>;

function collectNeeds(value: unknown, needs: Set<number>): void {
  if (value instanceof Slot) collectNeeds(value.value, needs);
  else if (value instanceof Reference) needs.add(value.task.index);
  else if (Array.isArray(value)) value.forEach((item) => collectNeeds(item, needs));
  else if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) collectNeeds(item, needs);
  }
}

/** Paths at which a reference could not be followed. */
function holesOf(
  value: unknown,
  path: DocumentPath = [],
  found: DocumentPath[] = [],
): DocumentPath[] {
  if (value === undefined) found.push(path);
  else if (Array.isArray(value)) value.forEach((item, i) => holesOf(item, [...path, i], found));
  else if (typeof value === "object" && value !== null && !(value instanceof Reference)) {
    for (const [key, item] of Object.entries(value)) holesOf(item, [...path, key], found);
  }
  return found;
}
