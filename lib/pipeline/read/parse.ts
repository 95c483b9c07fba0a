/** Parses text into a checked pipeline file. @module */
import type { Diagnostic, Result } from "../../diagnostic/diagnostic.ts";
import { includeFragments, type ReadIncluded } from "./include.ts";
import { applyOverrides } from "./override.ts";
import { locateProblems, type Origins, type SourceText } from "./problem.ts";
import { fragmentSpec, pipelineSpec, type PipelineTree } from "./spec.ts";
import { applyPreset } from "./preset.ts";
import { parseText, tabDiagnostics } from "./yaml_text.ts";
import { problemsOfIssues } from "./zod_issue.ts";

/** A checked pipeline file with what is needed to point into its text. */
export interface PipelineSpec extends PipelineTree {
  readonly origins: Origins;
}

/** Where the text comes from, and which values are changed in it. */
export interface ParseOptions {
  /** For messages. */
  readonly path: string;
  /** `--set` values as written: `vars.loss=tvp`. */
  readonly set?: readonly string[];
  /** Reads an included file; without it nothing is included. */
  readonly read?: ReadIncluded;
}

/**
 * Parses and checks a pipeline file. All mistakes of its form are reported at once; references are
 * followed later, by `planPipeline`.
 *
 * @example
 * ```ts
 * import { parsePipeline } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const text = "name: demo\nstages: { a: { uses: noop } }\n";
 * const parsed = await parsePipeline(text, { path: "demo.yaml" });
 * assertEquals(parsed.ok && Object.keys(parsed.value.stages), ["a"]);
 *
 * const wrong = await parsePipeline(text.replace("name", "nmae"), { path: "demo.yaml" });
 * assertEquals(wrong.ok ? [] : wrong.error.map(({ code }) => code), ["missing-key", "unknown-key"]);
 * ```
 */
export async function parsePipeline(
  text: string,
  options: ParseOptions,
): Promise<Result<PipelineSpec, readonly Diagnostic[]>> {
  const main: SourceText = { path: options.path, text };
  const parsed = await parseText(main);
  if (!parsed.ok) return parsed;
  const whole = options.read === undefined
    ? { tree: parsed.value, included: new Map<string, SourceText>(), mistakes: [] }
    : await includeFragments(parsed.value, main, options.read);
  const set = applyOverrides(whole.tree, options.set ?? []);
  const { tree: chosen, overrides } = set.ok ? set.value : { tree: whole.tree, overrides: [] };
  const origins: Origins = { main, included: whole.included, overrides };
  const preset = applyPreset(chosen);
  const mistakes = [
    ...whole.mistakes,
    ...(set.ok ? [] : set.error),
    ...await locateProblems(preset.problems, origins),
  ];
  // What is set by hand is set once more: it goes before the preset that it may have chosen.
  const again = set.ok ? applyOverrides(preset.tree, options.set ?? []) : set;
  return await checkTree(again.ok ? again.value.tree : preset.tree, origins, mistakes);
}

async function checkTree(
  tree: unknown,
  origins: Origins,
  mistakes: readonly Diagnostic[],
): Promise<Result<PipelineSpec, readonly Diagnostic[]>> {
  // Where a file could not be included, what is missing may be in there.
  const schema = mistakes.length > 0 ? fragmentSpec() : pipelineSpec;
  const checked = schema.safeParse(tree);
  if (checked.success) {
    if (mistakes.length > 0) return { ok: false, error: mistakes };
    return { ok: true, value: { ...checked.data as PipelineTree, origins } };
  }
  const tabs = tabDiagnostics(origins.main);
  if (tabs.length > 0) return { ok: false, error: tabs };
  const problems = problemsOfIssues(checked.error.issues, { schema, base: [], input: tree });
  return { ok: false, error: [...mistakes, ...await locateProblems(problems, origins)] };
}
