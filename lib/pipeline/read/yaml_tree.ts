/** Refuses YAML values that a key cannot hold. @module */
import { pathText, type Problem } from "./problem.ts";

/** Values after which aliases are taken for a mistake: 10 000 stages have a tenth of them. */
const maxValues = 2_000_000;

/** Numbers that are none or not exact, texts that are none, aliases that hold themselves or grow. */
export function treeProblems(tree: unknown): Problem[] {
  return new TreeCheck().run(tree);
}

class TreeCheck {
  readonly #problems: Problem[] = [];
  readonly #open = new Set<object>();
  /** Where the walk is; copied only into a problem. */
  readonly #path: (string | number)[] = [];
  #values = 0;

  run(tree: unknown): Problem[] {
    this.#look(tree);
    if (this.#values > maxValues) {
      this.#report(`its aliases expand to more than ${maxValues} values`);
    }
    return this.#problems;
  }

  #look(value: unknown): void {
    if (++this.#values > maxValues) return;
    if (typeof value === "number") return this.#number(value);
    if (typeof value === "bigint") return this.#report(inexact, quoteIt);
    if (typeof value === "string") return this.#text(value);
    if (typeof value !== "object" || value === null) return;
    if (this.#open.has(value)) return this.#report("its alias refers to itself");
    if (Object.hasOwn(value, "__proto__")) this.#report('no key may be "__proto__"');
    this.#open.add(value);
    if (Array.isArray(value)) value.forEach((item, index) => this.#inside(index, item));
    else for (const key in value) this.#member(key, (value as Record<string, unknown>)[key]);
    this.#open.delete(value);
  }

  #inside(step: string | number, value: unknown): void {
    this.#path.push(step);
    this.#look(value);
    this.#path.pop();
  }

  #member(key: string, value: unknown): void {
    if (isText(key)) return this.#inside(key, value);
    this.#report(`the name ${JSON.stringify(key)} in it ${noText}`);
  }

  #text(value: string): void {
    if (!isText(value)) this.#report(`it ${noText}`);
  }

  #number(value: number): void {
    if (Number.isFinite(value)) return;
    this.#report(`${value} is not a number to compute with`, quoteIt);
  }

  #report(cause: string, notes: readonly string[] = []): void {
    const path = [...this.#path];
    const what = path.length === 0 ? "the file" : pathText(path);
    this.#problems.push({
      code: "unusable-value",
      path,
      message: `Cannot use ${what}: ${cause}`,
      ...(notes.length > 0 ? { notes } : {}),
    });
  }
}

/** Neither the system's paths nor UTF-8 can hold others. */
function isText(value: string): boolean {
  return !value.includes("\0") && value.isWellFormed();
}

const noText = "holds a NUL or half a character";

const inexact = "a whole number of this many digits cannot be kept exactly";

const quoteIt = ["to make it a text, put it in quotes"];
