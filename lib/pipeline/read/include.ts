/** `include:`: variables, defaults, environment and stages of other files. @module */
import { basename, dirname, isAbsolute, join, normalize } from "@std/path";
import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import { type DocumentPath, locateProblems, pathText, type SourceText } from "./problem.ts";
import { fragmentSpec } from "./spec.ts";
import { parseText } from "./yaml_text.ts";
import { problemsOfIssues } from "./zod_issue.ts";
import { isTree, type Tree } from "./tree.ts";

/** Reads an included file by its path from the folder of the pipeline file. */
export type ReadIncluded = (path: string) => SourceText | Promise<SourceText>;

/** A tree with everything that it includes. */
export interface Included {
  readonly tree: unknown;
  /** Text of what came from another file, by `stages.NAME`, `vars.NAME`, … */
  readonly included: ReadonlyMap<string, SourceText>;
  readonly mistakes: readonly Diagnostic[];
}

const mergedKeys = ["vars", "presets", "env", "defaults", "stages"] as const;

/**
 * Takes in what a file includes, and what that includes, each file once. What the including file
 * says itself wins, and an earlier file over a later one; a stage can only be defined once.
 */
export async function includeFragments(
  tree: unknown,
  main: SourceText,
  read: ReadIncluded,
): Promise<Included> {
  if (!isTree(tree) || !Array.isArray(tree.include)) {
    return { tree, included: new Map(), mistakes: [] };
  }
  const gathering = new Gathering(tree, main, read);
  await gathering.follow(tree, { source: main, path: basename(main.path), chain: [] });
  return gathering.result;
}

/** A file whose `include` is being followed. */
interface Includer {
  readonly source: SourceText;
  /** From the folder of the pipeline file. */
  readonly path: string;
  /** Files that led here, itself not among them. */
  readonly chain: readonly string[];
}

class Gathering {
  readonly #merged: Record<string, unknown>;
  readonly #main: SourceText;
  readonly #read: ReadIncluded;
  readonly #included = new Map<string, SourceText>();
  readonly #taken = new Set<string>();
  readonly #mistakes: Diagnostic[] = [];

  constructor(tree: Tree, main: SourceText, read: ReadIncluded) {
    this.#merged = { ...tree };
    this.#main = main;
    this.#read = read;
  }

  get result(): Included {
    return { tree: this.#merged, included: this.#included, mistakes: this.#mistakes };
  }

  async follow(tree: Tree, includer: Includer): Promise<void> {
    if (!Array.isArray(tree.include)) return;
    for (const [index, written] of tree.include.entries()) {
      if (typeof written !== "string") continue;
      const place: DocumentPath = ["include", index];
      const path = isAbsolute(written) ? written : normalize(join(dirname(includer.path), written));
      const chain = [...includer.chain, includer.path];
      if (chain.includes(path)) {
        const circle = [...chain.slice(chain.indexOf(path)), path].join(" → ");
        await this.#report(includer.source, place, `"${written}"`, `it is in a circle: ${circle}`);
      } else if (!this.#taken.has(path)) {
        this.#taken.add(path);
        await this.#take(written, place, { includer, path, chain });
      }
    }
  }

  async #take(
    written: string,
    place: DocumentPath,
    { includer, path, chain }: { includer: Includer; path: string; chain: readonly string[] },
  ): Promise<void> {
    let source: SourceText;
    try {
      source = await this.#read(path);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return await this.#report(includer.source, place, `"${written}"`, readingMistake(error));
    }
    const fragment = await this.#check(source);
    if (fragment === undefined) return;
    await this.#merge(fragment, source);
    await this.follow(fragment, { source, path, chain });
  }

  async #check(source: SourceText): Promise<Tree | undefined> {
    const parsed = await parseText(source);
    if (!parsed.ok) {
      this.#mistakes.push(...parsed.error);
      return undefined;
    }
    const checked = fragmentSpec().safeParse(parsed.value);
    if (checked.success) return parsed.value as Tree;
    const context = { schema: fragmentSpec(), base: [], input: parsed.value };
    const problems = problemsOfIssues(checked.error.issues, context);
    this.#mistakes.push(...await locateProblems(problems, originsOf(source)));
    return undefined;
  }

  async #merge(fragment: Tree, source: SourceText): Promise<void> {
    for (const key of mergedKeys) {
      const part = fragment[key];
      if (!isTree(part)) continue;
      const own = isTree(this.#merged[key]) ? this.#merged[key] : {};
      for (const name of Object.keys(part)) {
        if (!Object.hasOwn(own, name)) this.#included.set(`${key}.${name}`, source);
        else if (key === "stages") await this.#doubleStage(name, source);
      }
      this.#merged[key] = { ...part, ...own };
    }
  }

  async #doubleStage(name: string, source: SourceText): Promise<void> {
    const path = ["stages", name];
    const first = this.#included.get(pathText(path));
    const where = first?.path ?? this.#main.path;
    const message = `Cannot define ${pathText(path)} again: "${where}" defines it too`;
    const problem = { code: "duplicate-stage", path, part: "key" as const, message };
    this.#mistakes.push(...await locateProblems([problem], originsOf(source)));
  }

  async #report(
    source: SourceText,
    path: DocumentPath,
    what: string,
    cause: string,
  ): Promise<void> {
    const problem = { code: "bad-include", path, message: `Cannot include ${what}: ${cause}` };
    this.#mistakes.push(...await locateProblems([problem], originsOf(source)));
  }
}

function originsOf(main: SourceText) {
  return { main, included: new Map<string, SourceText>(), overrides: [] };
}

/** Recognises errors by name, because this module uses no file system. */
function readingMistake(error: Error): string {
  const causes: Readonly<Record<string, string>> = {
    NotFound: "there is no such file",
    IsADirectory: "it is a folder",
    PermissionDenied: "it may not be read",
  };
  return causes[error.name] ?? error.message;
}
