/** What YAML can say and a key cannot hold. @module */
import { type DocumentPath, pathText, type Problem } from "./problem.ts";

/** Values after which aliases are taken for a mistake: 10 000 stages have a tenth of them. */
const mostValues = 2_000_000;

/** Dates, numbers that are none or not exact, and aliases that hold themselves or grow too large. */
export function treeProblems(tree: unknown): Problem[] {
  return new TreeCheck().run(tree);
}

class TreeCheck {
  readonly #problems: Problem[] = [];
  readonly #open = new Set<object>();
  #values = 0;

  run(tree: unknown): Problem[] {
    this.#look(tree, []);
    if (this.#values > mostValues) {
      this.#report([], `its aliases stand for more than ${mostValues} values`, []);
    }
    return this.#problems;
  }

  #look(value: unknown, path: DocumentPath): void {
    if (++this.#values > mostValues) return;
    if (typeof value === "number") return this.#number(value, path);
    if (typeof value !== "object" || value === null) return;
    if (value instanceof Date) return this.#quote(path, "it is a date");
    if (value instanceof Uint8Array) return this.#report(path, "it is binary", []);
    if (this.#open.has(value)) return this.#report(path, "its alias stands for itself", []);
    if (Object.hasOwn(value, "__proto__")) this.#report(path, 'no key may be "__proto__"', []);
    this.#open.add(value);
    if (Array.isArray(value)) value.forEach((item, index) => this.#look(item, [...path, index]));
    else for (const [key, item] of Object.entries(value)) this.#look(item, [...path, key]);
    this.#open.delete(value);
  }

  #number(value: number, path: DocumentPath): void {
    if (!Number.isFinite(value)) this.#report(path, `${value} is no number to compute with`, []);
    else if (Number.isInteger(value) && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      this.#quote(path, "a whole number of so many digits is not kept exactly");
    }
  }

  #quote(path: DocumentPath, cause: string): void {
    this.#report(path, cause, ["to have it as text, put it in quotes"]);
  }

  #report(path: DocumentPath, cause: string, notes: readonly string[]): void {
    const what = path.length === 0 ? "the file" : pathText(path);
    this.#problems.push({
      code: "unusable-value",
      path,
      message: `Cannot use ${what}: ${cause}`,
      ...(notes.length > 0 ? { notes } : {}),
    });
  }
}
