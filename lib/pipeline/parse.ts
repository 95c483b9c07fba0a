/** Text to a checked pipeline file. @module */
import { parse as parseYaml } from "@std/yaml";
import type { Diagnostic, Result } from "../diagnostic/diagnostic.ts";
import { nearest } from "../diagnostic/suggest.ts";
import {
  locateProblems,
  type Origins,
  pathText,
  type Problem,
  type SourceText,
} from "./problem.ts";
import { fragmentSpec, pipelineSpec, type PipelineTree } from "./spec.ts";
import { problemsOfIssues } from "./zod_issue.ts";

/** A checked pipeline file with what is needed to point into its text. */
export interface PipelineSpec extends PipelineTree {
  readonly origins: Origins;
}

/** Where the text came from, and what is changed in it. */
export interface ParseOptions {
  /** For messages. */
  readonly path: string;
  /** `--set` values as written: `vars.loss=tvp`. */
  readonly set?: readonly string[];
  /** Reads an included file; `path` is relative to the pipeline file. */
  readonly read?: (path: string) => SourceText | Promise<SourceText>;
}

/**
 * Parses and checks a pipeline file. All mistakes of its form are reported at once; references are
 * followed later, by `planPipeline`.
 *
 * @example
 * ```ts ignore
 * const parsed = await parsePipeline(text, { path: "pipelines/quickstart.yaml" });
 * if (!parsed.ok) console.error(renderDiagnostics(parsed.error));
 * ```
 */
export async function parsePipeline(
  text: string,
  options: ParseOptions,
): Promise<Result<PipelineSpec, readonly Diagnostic[]>> {
  const main: SourceText = { path: options.path, text };
  const tree = await parseText(main);
  if (!tree.ok) return tree;
  const overridden = applyOverrides(tree.value, options.set ?? []);
  if (!overridden.ok) return overridden;
  const overrides = overridden.value;
  const origins: Origins = { main, included: new Map(), overrides };
  const merged = await includeFragments(tree.value, origins, options);
  if (!merged.ok) return merged;
  const checked = pipelineSpec.safeParse(merged.value.tree);
  if (checked.success) {
    return { ok: true, value: { ...checked.data, origins: merged.value.origins } };
  }
  const context = { schema: pipelineSpec, base: [], input: merged.value.tree };
  const problems = problemsOfIssues(checked.error.issues, context);
  const tabs = await tabDiagnostics(main);
  if (tabs.length > 0) return { ok: false, error: tabs };
  return { ok: false, error: await locateProblems(problems, merged.value.origins) };
}

/** Tabs change what belongs to what, so that other messages would mislead. */
async function tabDiagnostics({ text, path }: SourceText): Promise<Diagnostic[]> {
  const indents = [...text.matchAll(/^ *(\t+)\s*[^\s#]/gm)];
  if (indents.length === 0) return [];
  const { YamlPositions } = await import("../diagnostic/yaml_positions.ts");
  const positions = new YamlPositions(text, { path });
  return indents.map((match) => ({
    code: "tab",
    severity: "error",
    message: "Cannot indent with a tab: YAML wants spaces",
    location: positions.at(match.index + match[0].indexOf("\t"), match[1]!.length),
  }));
}

async function parseText(source: SourceText): Promise<Result<unknown, readonly Diagnostic[]>> {
  try {
    return { ok: true, value: parseYaml(source.text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ok: false, error: await syntaxDiagnostics(source, error) };
  }
}

async function syntaxDiagnostics(source: SourceText, error: SyntaxError): Promise<Diagnostic[]> {
  const { YamlPositions } = await import("../diagnostic/yaml_positions.ts");
  const positions = new YamlPositions(source.text, { path: source.path });
  const unquoted = unquotedReferences(source.text);
  if (unquoted.length > 0) {
    return unquoted.map(({ offset, text }) => ({
      code: "unquoted-reference",
      severity: "error",
      message: `Cannot read ${text} inside { } or [ ]: YAML takes its braces for a map`,
      location: positions.at(offset, text.length),
      notes: [`put it in quotes: "${text}"`],
    }));
  }
  const tabs = await tabDiagnostics(source);
  const found = tabs.length > 0 ? tabs : positions.syntaxErrors();
  if (found.length > 0) return found;
  const message = `Cannot parse YAML: ${error.message.split("\n")[0]}`;
  return [{ code: "yaml-syntax", severity: "error", message, location: positions.at(0, 1) }];
}

/** References outside quotes inside a flow collection of the same line. */
export function unquotedReferences(text: string): { offset: number; text: string }[] {
  const found: { offset: number; text: string }[] = [];
  let depth = 0;
  const token = /\$\{\{[^}\n]*\}\}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|(?<=^|\s)#.*|[\[{\]}]/gm;
  for (const { 0: piece, index } of text.matchAll(token)) {
    if (piece.startsWith("${{")) {
      if (depth > 0) found.push({ offset: index, text: piece });
    } else if (piece === "{" || piece === "[") depth++;
    else if (piece === "}" || piece === "]") depth = Math.max(0, depth - 1);
  }
  return found;
}

type Tree = Record<string, unknown>;

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Writes `--set` values into the tree. A bare name means a variable. */
function applyOverrides(
  tree: unknown,
  written: readonly string[],
): Result<Origins["overrides"], readonly Diagnostic[]> {
  const problems: Diagnostic[] = [];
  const overrides = written.map((text) => {
    const result = applyOverride(tree, text);
    if (typeof result === "string") {
      problems.push({ code: "invalid-set", severity: "error", message: result });
      return { path: [], written: text };
    }
    return { path: result, written: text };
  });
  return problems.length > 0 ? { ok: false, error: problems } : { ok: true, value: overrides };
}

/** Path that was set, or what is wrong. */
function applyOverride(tree: unknown, text: string): (string | number)[] | string {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) return `Cannot set "${text}": expected NAME=VALUE, such as vars.loss=vp`;
  const written = name.split(".");
  const path = written.length === 1 ? ["vars", name] : written;
  let parent = tree;
  for (const [depth, step] of path.slice(0, -1).entries()) {
    if (!isTree(parent)) break;
    if (parent[step] === undefined && depth === 2 && step === "with") parent[step] = {};
    parent = Array.isArray(parent[step]) ? undefined : parent[step];
  }
  const last = path.at(-1)!;
  const isParameter = path[0] === "stages" && path.length > 2;
  if (!isTree(parent) || (parent[last] === undefined && !isParameter)) {
    const near = nearest(name, settablePaths(tree));
    return `Cannot set "${name}": the pipeline has no such value` +
      (near === undefined ? "" : `, did you mean "${near}"?`);
  }
  try {
    parent[last] = parseYaml(value!) ?? null;
  } catch {
    return `Cannot set "${name}": its value is no YAML: ${value}`;
  }
  return path;
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

const mergedKeys = ["vars", "env", "stages"] as const;

/** Takes `include:`d files in: what the including file says itself wins, but for stages. */
async function includeFragments(
  tree: unknown,
  origins: Origins,
  options: ParseOptions,
): Promise<Result<{ tree: unknown; origins: Origins }, readonly Diagnostic[]>> {
  if (!isTree(tree) || !Array.isArray(tree.include) || !options.read) {
    return { ok: true, value: { tree, origins } };
  }
  const merged: Tree = { ...tree };
  const included = new Map<string, SourceText>();
  const problems: Problem[] = [];
  for (const [index, path] of tree.include.entries()) {
    if (typeof path !== "string") continue;
    let source: SourceText;
    try {
      source = await options.read(path);
    } catch (error) {
      problems.push({
        code: "missing-file",
        path: ["include", index],
        message: `Cannot include "${path}": ${error instanceof Error ? error.message : error}`,
      });
      continue;
    }
    const fragment = await checkFragment(source);
    if (!fragment.ok) return fragment;
    for (const key of mergedKeys) {
      const part = fragment.value[key];
      if (!isTree(part)) continue;
      const own = isTree(merged[key]) ? merged[key] : {};
      for (const name of Object.keys(part)) {
        if (!(name in own)) included.set(`${key}.${name}`, source);
        else if (key === "stages") problems.push(doubleStage(name, path));
      }
      merged[key] = { ...part, ...own };
    }
  }
  const known = { ...origins, included };
  if (problems.length > 0) return { ok: false, error: await locateProblems(problems, known) };
  return { ok: true, value: { tree: merged, origins: known } };
}

function doubleStage(name: string, path: string): Problem {
  return {
    code: "duplicate-stage",
    path: ["stages", name],
    part: "key",
    message: `Cannot define ${pathText(["stages", name])} again: "${path}" defines it too`,
  };
}

async function checkFragment(source: SourceText): Promise<Result<Tree, readonly Diagnostic[]>> {
  const parsed = await parseText(source);
  if (!parsed.ok) return parsed;
  const checked = fragmentSpec.safeParse(parsed.value);
  if (checked.success) return { ok: true, value: parsed.value as Tree };
  const context = { schema: fragmentSpec, base: [], input: parsed.value };
  const origins = { main: source, included: new Map(), overrides: [] };
  const problems = problemsOfIssues(checked.error.issues, context);
  return { ok: false, error: await locateProblems(problems, origins) };
}
