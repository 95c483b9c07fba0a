/** Limits the size of a plan: nested references and long axes multiply. @module */
import { type DocumentPath, pathText, type Problem } from "../read/problem.ts";
import { Reference } from "../contract/slot.ts";

/** Values that the tasks of a plan hold, all together; 10 000 tasks hold a tenth of them. */
const maxValues = 5_000_000;

/** Texts count as a value for as many characters. */
const textOfValue = 32;

/** Tasks of a plan: ten times what anyone was seen to run. */
const maxTasks = 100_000;

/** Thrown where a plan is too large; ends its making. */
export class PlanTooLarge extends RangeError {
  readonly problem: Problem;

  constructor(problem: Omit<Problem, "code">) {
    super(problem.message);
    this.problem = { code: "large-plan", ...problem };
  }
}

/** Counts the values that are made while a plan is. */
export class PlanBudget {
  readonly #weights = new WeakMap<object, number>();
  #left = maxValues;
  #tasks = 0;

  /** @throws {PlanTooLarge} */
  spend(values: number, path: DocumentPath): void {
    this.#left -= values;
    if (this.#left >= 0) return;
    const message = `Cannot plan more than ${maxValues} values: the references of ` +
      `${pathText(path)}, with all before, give more`;
    const notes = ["references to lists of references multiply"];
    throw new PlanTooLarge({ path, message, notes });
  }

  /** Counts tasks, before they are made. @throws {PlanTooLarge} */
  addTasks(count: number, path: DocumentPath): void {
    this.#tasks += count;
    if (this.#tasks <= maxTasks) return;
    const message = `Cannot expand ${pathText(path)}: it has ${count} cells`;
    const notes = [`all stages together may have ${maxTasks} tasks`];
    throw new PlanTooLarge({ path, part: "key", message, notes });
  }

  /** Counts what a value holds; parts that are in several places count in each. */
  spendOn(value: unknown, path: DocumentPath): void {
    this.spend(this.#weightOf(value), path);
  }

  #weightOf(value: unknown): number {
    if (typeof value === "string") return 1 + value.length / textOfValue;
    if (typeof value !== "object" || value === null || value instanceof Reference) return 1;
    const known = this.#weights.get(value);
    if (known !== undefined) return known;
    let weight = 1;
    for (const item of Object.values(value)) weight += this.#weightOf(item);
    this.#weights.set(value, weight);
    return weight;
  }
}
