/**
 * Checks parameters against the schema of a stage type. This part of planning runs the stage's own
 * code.
 *
 * @module
 */
import type { DocumentPath, Problem } from "../read/problem.ts";
import type { ArtifactType, Stage } from "../contract/stage.ts";
import { problemsOfIssues } from "../read/zod_issue.ts";
import { withNewNames, writtenName } from "./renamed.ts";

/** Parameters to check. */
export interface CheckRequest {
  /** As in the file, references followed. */
  readonly written: unknown;
  /** Their path in the document. */
  readonly base: DocumentPath;
}

/** What the schema makes of parameters. */
export interface CheckedParameters {
  /** `undefined` if they are wrong. */
  readonly parameters: unknown;
  /** What `declareOutputs` says. */
  readonly outputs: Readonly<Record<string, ArtifactType>>;
  /** Mistakes, and warnings. */
  readonly problems: readonly Problem[];
}

/** Checks parameters by a stage's schema, and asks for the outputs that depend on them. */
export function checkParameters(
  stage: Stage,
  { written, base }: CheckRequest,
): CheckedParameters {
  const named = withNewNames(stage, { written, base });
  const checked = stage.with.safeParse(named.written);
  if (checked.success) {
    const outputs = stage.declareOutputs?.(checked.data) ?? {};
    return { parameters: checked.data, outputs, problems: named.problems };
  }
  const context = { schema: stage.with, base, input: named.written };
  const problems = problemsOfIssues(checked.error.issues, context).map((problem) => {
    const [name, ...rest] = problem.path.slice(base.length);
    if (typeof name !== "string") return problem;
    const given = written as Readonly<Record<string, unknown>>;
    return { ...problem, path: [...base, writtenName(stage.renamed, name, given), ...rest] };
  });
  return { parameters: undefined, outputs: {}, problems: [...named.problems, ...problems] };
}
