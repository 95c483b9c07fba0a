/** `--set NAME=VALUE`: values of the command line instead of the file's. @module */
import type { Diagnostic, Result } from "../../diagnostic/diagnostic.ts";
import { nearest } from "../../diagnostic/suggest.ts";
import { parseYaml, YamlError } from "../../diagnostic/yaml_core.ts";
import type { Origins } from "./problem.ts";
import { treeProblems } from "./yaml_tree.ts";
import { isTree, type Tree } from "./tree.ts";

/** A tree with values set, and where. */
export interface Overridden {
  readonly tree: unknown;
  readonly overrides: Origins["overrides"];
}

/** Sets values as written, `vars.loss=tvp`; a bare name means a variable. The tree is not changed. */
export function applyOverrides(
  tree: unknown,
  written: readonly string[],
): Result<Overridden, readonly Diagnostic[]> {
  const mistakes: Diagnostic[] = [];
  const overrides: { path: (string | number)[]; written: string }[] = [];
  let current = tree;
  for (const text of written) {
    const result = applyOverride(current, text);
    if (typeof result === "string") {
      mistakes.push({ code: "invalid-set", severity: "error", message: result });
      continue;
    }
    overrides.push({ path: result.path, written: text });
    current = result.tree;
  }
  if (mistakes.length > 0) return { ok: false, error: mistakes };
  return { ok: true, value: { tree: current, overrides } };
}

/** The new tree and the path that was set, or what is wrong. */
function applyOverride(
  tree: unknown,
  text: string,
): { tree: unknown; path: (string | number)[] } | string {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) return `Cannot set "${text}": expected NAME=VALUE, such as vars.loss=vp`;
  const steps = name.trim().split(".");
  const path = steps.length === 1 ? ["vars", ...steps] : steps;
  if (!isSettable(tree, path)) {
    const meant = meantPaths(name, settablePaths(tree)).map((each) => `"${each}"`).join(" or ");
    return `Cannot set "${name}": the pipeline has no such value` +
      (meant === "" ? "" : `, did you mean ${meant}?`);
  }
  try {
    const parsed = parseYaml(value!) ?? null;
    const [problem] = treeProblems(parsed);
    if (problem) return `Cannot set "${name}": ${problem.message.replace(/^.*?: /, "")}`;
    return { tree: withValue(tree, path, parsed), path };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return `Cannot set "${name}": its value is not YAML: ${value}`;
  }
}

/** What is there can be set, and any parameter of a stage that is there. */
function isSettable(tree: unknown, path: readonly string[]): boolean {
  const isParameter = path[0] === "stages" && path.length > 2;
  let at = tree;
  for (const [depth, step] of path.entries()) {
    const inside = typeof at === "object" && at !== null && Object.hasOwn(at, step);
    if (!inside) return isParameter && depth >= 2 && (isTree(at) || at === undefined);
    at = (at as Tree)[step];
  }
  return true;
}

/** A copy with one value changed: what an alias shares stays as it is elsewhere. */
function withValue(tree: unknown, path: readonly string[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(tree)) {
    return tree.map((item, index) => String(index) === step ? withValue(item, rest, value) : item);
  }
  const own = isTree(tree) ? tree : {};
  return { ...own, [step]: withValue(own[step], rest, value) };
}

/** Most paths that are suggested. */
const MOST_MEANT = 3;

/** What a path was meant for: the same parameter elsewhere, or else what is spelt nearly so. */
function meantPaths(name: string, paths: readonly string[]): readonly string[] {
  const last = (path: string) => path.slice(path.lastIndexOf(".") + 1);
  const fitting = paths.filter((path) => path.includes(".") && last(path) === last(name));
  const near = nearest(name, fitting.length > 0 ? fitting : paths);
  return near === undefined ? fitting.slice(0, MOST_MEANT) : [near];
}

function settablePaths(tree: unknown): string[] {
  if (!isTree(tree)) return [];
  const vars = isTree(tree.vars) ? Object.keys(tree.vars) : [];
  const stages = isTree(tree.stages) ? Object.entries(tree.stages) : [];
  const parameters = stages.flatMap(([name, stage]) =>
    isTree(stage) && isTree(stage.with)
      ? Object.keys(stage.with).map((key) => `stages.${name}.with.${key}`)
      : []
  );
  return [...vars.map((name) => `vars.${name}`), ...vars, ...parameters];
}
