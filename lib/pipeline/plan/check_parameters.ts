/** Checks a plan's parameters as parsed by the stage types, and the names in them. @module */
import type { CheckedParameters, CheckRequest } from "./check_stage.ts";
import type { NameMistake, PlanOptions } from "./plan.ts";
import { type DocumentPath, isWarning, pathText, startsWith } from "../read/problem.ts";
import { valueAt } from "../read/trace.ts";
import type { Scope } from "./scope.ts";
import { leavesOf } from "../contract/leaves.ts";
import { Reference, Slot, sourceKey } from "../contract/slot.ts";

/** Parameters as the schema gives them, and the slots and references in them. */
export interface AcceptedParameters {
  /** `undefined` if they are wrong. */
  readonly parameters: unknown;
  readonly slots: readonly (Slot | Reference)[];
}

/** Reports what is wrong with the parameters of the tasks of a plan; each name is looked up once. */
export class ParameterChecker {
  readonly #scope: Scope;
  readonly #checkName: PlanOptions["checkName"];
  readonly #checkedNames = new Map<string, NameMistake | undefined>();

  constructor(scope: Scope, checkName: PlanOptions["checkName"]) {
    this.#scope = scope;
    this.#checkName = checkName;
  }

  /** Takes good parameters, and reports what is wrong with others. */
  async accept(
    { parameters, problems }: CheckedParameters,
    { written, base }: CheckRequest,
    cellId: string,
  ): Promise<AcceptedParameters> {
    for (const warning of problems.filter(isWarning)) this.#scope.report(warning);
    if (problems.every(isWarning)) {
      return { parameters, slots: await this.#slotsIn(parameters, base) };
    }
    // What could not be resolved has been reported: no second message about the hole it left.
    const broken = holesOf(written).map((hole) => [...base, ...hole]);
    for (const problem of problems.filter((each) => !isWarning(each))) {
      if (broken.some((hole) => startsWith(problem.path, hole))) continue;
      const inCell = cellId === "" || problem.part === "key" ? [] : [`in task ${cellId}`];
      const value = valueAt(written, problem.path.slice(base.length));
      this.#scope.report({ ...problem, value, notes: [...(problem.notes ?? []), ...inCell] });
    }
    return { parameters: undefined, slots: [] };
  }

  /** Looks up names of models, data sets and files, and reports references that no mark has claimed. */
  async #slotsIn(parameters: unknown, base: DocumentPath): Promise<(Slot | Reference)[]> {
    const slots = [];
    for (const { value, path } of leavesOf(parameters, base)) {
      if (!(value instanceof Slot || value instanceof Reference)) continue;
      slots.push(value);
      if (value instanceof Reference) {
        if (value.output === undefined) this.#vagueReference(value, path);
      } else if (typeof value.value === "string") {
        await this.#lookUp(value, value.value, path);
      }
    }
    return slots;
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

  async #lookUp({ kind, beside }: Slot, name: string, path: DocumentPath): Promise<void> {
    const key = sourceKey(kind, name);
    if (!this.#checkedNames.has(key)) {
      this.#checkedNames.set(key, await this.#checkName?.(kind, name));
    }
    const mistake = this.#checkedNames.get(key);
    if (!mistake) return;
    this.#scope.report({
      code: `unknown-${kind.kind === "code" ? kind.of : kind.kind}`,
      same: `name ${key}`,
      path,
      // What has a weight is a key, `{ mine: 0.1 }`.
      ...(Object.keys(beside).length > 0 ? { part: "key" as const } : {}),
      message: `Cannot use "${name}" as ${pathText(path)}: ${mistake.cause}`,
      value: name,
      ...(mistake.notes && mistake.notes.length > 0 ? { notes: mistake.notes } : {}),
    });
  }
}

/** Paths at which a reference could not be followed. */
function holesOf(written: unknown): DocumentPath[] {
  return [...leavesOf(written)].filter(({ value }) => value === undefined)
    .map(({ path }) => path);
}
