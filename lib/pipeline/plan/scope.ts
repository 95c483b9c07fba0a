/** Follows references: finds the value of `${{ … }}` at a place of the pipeline file. @module */
import { nearest, suggestions } from "../../diagnostic/suggest.ts";
import {
  type Expression,
  formMistake,
  parseTemplate,
  roots,
  shortened,
} from "../read/expression.ts";
import { type Cell, cellLabels } from "./matrix.ts";
import { PlanBudget } from "./plan_budget.ts";
import { type DocumentPath, pathText, type Problem } from "../read/problem.ts";
import { Reference, type ReferencedTask } from "../contract/slot.ts";

/** What references may see. */
export interface ScopeOptions {
  readonly vars: Readonly<Record<string, unknown>>;
  /** Declared environment with defaults. */
  readonly env: Readonly<Record<string, string | number | boolean | null>>;
  /** The process environment. */
  readonly readEnv: (name: string) => string | undefined;
  /** Told of each value of the environment that is referred to. */
  readonly onEnv?: (name: string, value: string) => void;
  /** Names of all stages. */
  readonly stageNames: readonly string[];
}

/** Mistakes reported at one place. */
const maxAlike = 3;

/** Variables in a row that refer to one another; more would not fit the stack. */
const longestChain = 500;

/** Reports mistakes in the form of problems; `undefined` replaces a value that has one. */
export class Scope {
  /** Spent with every value that is made. */
  readonly budget: PlanBudget = new PlanBudget();
  readonly #options: ScopeOptions;
  readonly #vars = new Map<string, unknown>();
  readonly #openVars = new Set<string>();
  readonly #stages = new Map<string, readonly ReferencedTask[]>();
  /** What every cell of the current stage has. */
  #axes: ReadonlySet<string> = new Set();
  readonly #problems = new Map<string, Problem>();
  /** Problems by place; a mistake of a thousand cells is reported for a few of them. */
  readonly #alike = new Map<string, { count: number; last: string }>();

  constructor(options: ScopeOptions) {
    this.#options = options;
  }

  /** Every problem once, in the order found; of many at one place the first and their number. */
  get problems(): Problem[] {
    const more = new Map([...this.#alike.values()].map(({ count, last }) => [last, count]));
    return [...this.#problems].map(([key, problem]) => {
      const left = (more.get(key) ?? 0) - maxAlike;
      if (left <= 0) return problem;
      const note = `there are ${left} more mistakes at this place`;
      return { ...problem, notes: [...(problem.notes ?? []), note] };
    });
  }

  report(problem: Problem): undefined {
    const place = `${problem.code}\0${pathText(problem.path)}`;
    const key = `${place}\0${problem.message}`;
    if (this.#problems.has(key)) return undefined;
    const alike = this.#alike.get(place) ?? { count: 0, last: key };
    this.#alike.set(place, alike);
    if (alike.count++ >= maxAlike) return undefined;
    alike.last = key;
    this.#problems.set(key, problem);
    return undefined;
  }

  /** Announces the matrix whose cells come next. */
  enterMatrix(cells: readonly Cell[]): void {
    this.#axes = new Set(cells.flatMap(Object.keys));
  }

  /** Makes a stage's tasks known to the stages after it. */
  addStage(name: string, tasks: readonly ReferencedTask[]): void {
    this.#stages.set(name, tasks);
  }

  /**
   * A value with all its references followed. Lists take in fan-outs of `*` as elements.
   *
   * @throws {PlanTooLarge}
   */
  resolve(value: unknown, path: DocumentPath, cell?: Cell): unknown {
    this.budget.spend(1, path);
    if (typeof value === "string") return this.#resolveText(value, path, cell);
    if (Array.isArray(value)) {
      return value.flatMap((item, index) => {
        const resolved = this.resolve(item, [...path, index], cell);
        if (!isFanOut(item) || !Array.isArray(resolved)) return [resolved];
        this.budget.spend(resolved.length, path);
        return resolved;
      });
    }
    if (typeof value !== "object" || value === null) return value;
    const resolved: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      resolved[key] = this.resolve((value as Cell)[key], [...path, key], cell);
    }
    return resolved;
  }

  #resolveText(text: string, path: DocumentPath, cell?: Cell): unknown {
    const template = parseTemplate(text);
    if (template.kind === "plain") return text;
    if (template.kind === "whole") return this.#follow(template.expression, path, cell);
    const parts = template.parts.map((part) =>
      typeof part === "string" ? part : this.#asText(part, path, cell)
    );
    if (parts.includes(undefined)) return undefined;
    for (const part of parts) this.budget.spendOn(part, path);
    return parts.join("");
  }

  #asText(expression: Expression, path: DocumentPath, cell?: Cell): string | undefined {
    const value = this.#follow(expression, path, cell);
    if (value === undefined || typeof value !== "object") return value as string | undefined;
    return this.report({
      code: "not-text",
      path,
      excerpt: expression.text,
      message: `Cannot put ${shortened(expression.text)} into the text of ${
        pathText(path)
      }: it is ${
        value instanceof Reference ? "an artifact" : Array.isArray(value) ? "a list" : "a map"
      }`,
      notes: ["a text can hold only numbers, words, true and false"],
    });
  }

  #follow(expression: Expression, path: DocumentPath, cell?: Cell): unknown {
    const mistake = formMistake(expression);
    if (mistake) return this.#broken(expression, path, mistake);
    const [root, name, ...rest] = expression.path as [string, string, ...string[]];
    const place = { expression, path };
    switch (root) {
      case "vars":
        return this.#into(this.#variable(name, place), rest, place);
      case "env":
        return this.#environment(name, place);
      case "matrix":
        return this.#into(this.#axis(name, place, cell), rest, place);
      case "stages":
        return this.#stage(name, rest, place);
    }
    const near = nearest(root, roots);
    return this.#broken(
      expression,
      path,
      `"${root}" is not a name that references can start with`,
      [
        ...(near ? [`did you mean "${near}"?`] : []),
        `a reference starts with ${roots.map((r) => `"${r}"`).join(", ")}`,
      ],
    );
  }

  #broken(
    expression: Expression,
    path: DocumentPath,
    cause: string,
    notes?: readonly string[],
  ): undefined {
    return this.report({
      code: "broken-reference",
      path,
      excerpt: expression.text,
      message: `Cannot follow ${shortened(expression.text)} in ${pathText(path)}: ${cause}`,
      ...(notes && notes.length > 0 ? { notes } : {}),
    });
  }

  #variable(name: string, place: Place): unknown {
    const { vars } = this.#options;
    if (!Object.hasOwn(vars, name)) {
      const notes = suggestions(name, Object.keys(vars));
      return this.#broken(place.expression, place.path, `there is no variable "${name}"`, notes);
    }
    if (this.#vars.has(name)) return this.#vars.get(name);
    if (this.#openVars.has(name)) {
      const chain = [...this.#openVars, name].slice([...this.#openVars].indexOf(name)).join(" → ");
      return this.#broken(
        place.expression,
        place.path,
        `vars refer to each other in a circle: ${chain}`,
      );
    }
    if (this.#openVars.size >= longestChain) {
      const cause = `a chain of more than ${longestChain} vars refer to each other`;
      return this.#broken(place.expression, place.path, cause);
    }
    this.#openVars.add(name);
    const value = this.resolve(vars[name], ["vars", name]);
    this.#openVars.delete(name);
    this.#vars.set(name, value);
    return value;
  }

  #environment(name: string, place: Place): unknown {
    const { env, readEnv, onEnv } = this.#options;
    if (!Object.hasOwn(env, name)) {
      const notes = [...suggestions(name, Object.keys(env)), `declare it: env: { ${name}: null }`];
      return this.#broken(place.expression, place.path, `"${name}" is not declared in env`, notes);
    }
    const value = readEnv(name) ?? env[name];
    if (value !== null && value !== undefined) {
      onEnv?.(name, String(value));
      return String(value);
    }
    const cause = `the environment variable ${name} is not set and has no default`;
    return this.#broken(place.expression, place.path, cause);
  }

  #axis(name: string, place: Place, cell: Cell | undefined): unknown {
    if (cell && Object.hasOwn(cell, name)) return cell[name];
    if (cell && this.#axes.has(name)) {
      const cause = `the cell ${cellLabels([cell])[0]} has no "${name}"`;
      const note = "other cells have it: give it to all, or leave out those without";
      return this.#broken(place.expression, place.path, cause, [note]);
    }
    const cause = cell && Object.keys(cell).length > 0
      ? `the stage's matrix has no axis "${name}"`
      : "the stage has no matrix";
    const notes = suggestions(name, Object.keys(cell ?? {}));
    return this.#broken(place.expression, place.path, cause, notes);
  }

  /** A path into a value; `*` lists the members. */
  #into(value: unknown, steps: readonly string[], place: Place): unknown {
    const [step, ...rest] = steps;
    if (step === undefined || value === undefined) return value;
    if (value instanceof Reference) return this.#member(value.task, steps, place);
    if (typeof value !== "object" || value === null) {
      return this.#broken(
        place.expression,
        place.path,
        `"${step}" is looked up in ${value}, which has no parts`,
      );
    }
    if (step === "*") {
      return Object.values(value).map((member) => this.#into(member, rest, place));
    }
    if (!Object.hasOwn(value, step)) {
      const notes = suggestions(step, Object.keys(value));
      return this.#broken(place.expression, place.path, `there is no "${step}"`, notes);
    }
    return this.#into((value as Cell)[step], rest, place);
  }

  #stage(name: string, steps: readonly string[], place: Place): unknown {
    const tasks = this.#stages.get(name);
    if (!tasks) {
      if (this.#options.stageNames.includes(name)) return undefined;
      const notes = suggestions(name, this.#options.stageNames);
      return this.#broken(place.expression, place.path, `there is no stage "${name}"`, notes);
    }
    const [step, ...rest] = steps;
    if (step === "*") return tasks.map((task) => this.#member(task, rest, place));
    if (tasks.length === 1 && Object.keys(tasks[0]!.cell).length === 0) {
      return this.#member(tasks[0]!, steps, place);
    }
    if (tasks.length === 0) {
      return this.#broken(
        place.expression,
        place.path,
        `stage "${name}" is left out by its "when"`,
      );
    }
    const fixed = ["stages", name, "*", ...steps].join(".");
    return this.#broken(
      place.expression,
      place.path,
      `stage "${name}" has a matrix of ${tasks.length} tasks, and this reference does not name one of them`,
      [`all of them: \${{ ${fixed} }}; one at a time: make it an axis of this stage's matrix`],
    );
  }

  /** An output of a task, or a value of its matrix cell. */
  #member(task: ReferencedTask, steps: readonly string[], place: Place): unknown {
    const [step, ...rest] = steps;
    if (step === undefined) return new Reference(task);
    if (Object.hasOwn(task.outputs, step) && rest.length === 0) return new Reference(task, step);
    if (Object.hasOwn(task.cell, step)) return this.#into(task.cell[step], rest, place);
    const stage = task.id.split("[")[0];
    return this.#broken(
      place.expression,
      place.path,
      `stage "${stage}" has no output "${steps.join(".")}"`,
      suggestions(step, [...Object.keys(task.outputs), ...Object.keys(task.cell)]),
    );
  }
}

/** The place of a reference. */
interface Place {
  readonly expression: Expression;
  readonly path: DocumentPath;
}

function isFanOut(value: unknown): boolean {
  if (typeof value !== "string") return false;
  const template = parseTemplate(value);
  return template.kind === "whole" && template.expression.path.includes("*");
}
