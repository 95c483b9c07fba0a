/**
 * Puts the issues of a zod schema into our words: what was expected, what came, what may have been
 * meant.
 *
 * @module
 */
import { z } from "zod";
import { nearest, suggestions } from "../../diagnostic/suggest.ts";
import { type DocumentPath, pathText, type Problem } from "./problem.ts";
import { Reference } from "../contract/slot.ts";
import { valueAt } from "./trace.ts";

type Issue = z.core.$ZodIssue;

/** Where a schema's value lies in the document. */
export interface IssueContext {
  readonly schema: z.ZodType;
  readonly base: DocumentPath;
  /** The whole checked value. */
  readonly input: unknown;
}

/** Problems of a failed check. An unknown key is one problem, however many values lie below it. */
export function problemsOfIssues(issues: readonly Issue[], context: IssueContext): Problem[] {
  return issues.flatMap((issue) => problemsOf(issue, context));
}

function problemsOf(issue: Issue, context: IssueContext): Problem[] {
  const own = issue.path.map((step) => typeof step === "number" ? step : String(step));
  const path = [...context.base, ...own];
  if (issue.code === "unrecognized_keys") return unknownKeys(issue.keys, path, own, context);
  if (issue.code === "invalid_key") {
    return [{
      code: "invalid-name",
      path,
      part: "key",
      message: `Cannot use "${path.at(-1)}" as a name in ${pathText(path.slice(0, -1))}: expected ${
        issue.issues[0]?.message ?? "another name"
      }`,
    }];
  }
  const input = valueAt(context.input, own);
  const deeper = issue.code === "invalid_union" ? deepestBranch(issue, input) : undefined;
  if (deeper) {
    return deeper.flatMap((inner) =>
      problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, context)
    );
  }
  if (isMissing(context.input, own) && !isRefinement(issue)) {
    return [{
      code: "missing-key",
      path,
      part: "key",
      message: `${pathText(path)} is missing: expected ${expectation(issue)}`,
    }];
  }
  const excerpt = input instanceof Reference ? { notes: referenceNotes(input) } : {};
  const notes = [
    ...wordNotes(issue, input),
    ...folderNotes(path, input),
    ...settingNotes(path, input),
  ];
  return [{
    code: issue.code === "invalid_type" ? "wrong-type" : "invalid-value",
    path,
    message: isRefinement(issue)
      ? `Cannot use ${pathText(path) || "the file"}: ${issue.message}`
      : `${pathText(path) || "The file"} must be ${expectation(issue)}, but is ${describe(input)}`,
    ...(notes.length > 0 ? { notes } : excerpt),
  }];
}

/** A check of the stage's own, on the value as a whole. */
function isRefinement(issue: Issue): boolean {
  return issue.code === "custom" && issue.params?.expected === undefined;
}

function unknownKeys(
  keys: readonly string[],
  path: DocumentPath,
  own: DocumentPath,
  context: IssueContext,
): Problem[] {
  const known = knownKeys(schemaAt(context.schema, own));
  return keys.map((key) => ({
    code: "unknown-key",
    path: [...path, key],
    part: "key" as const,
    message: path.length === 0
      ? `Unknown key "${key}"`
      : `Unknown key "${key}" in ${pathText(path)}`,
    notes: [...suggestions(key, known), ...placeNotes(key, path, known)],
  }));
}

/** Parameters beside `uses` are a common slip. */
function placeNotes(key: string, path: DocumentPath, known: readonly string[]): string[] {
  const inStage = path.length === 2 && path[0] === "stages" && nearest(key, known) === undefined;
  return inStage ? [`parameters of the stage type go below "with"`] : [];
}

/** The union branch that the value was meant for: the only one that got past its own type. */
function deepestBranch(
  issue: z.core.$ZodIssueInvalidUnion,
  input: unknown,
): readonly Issue[] | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const branches = issue.errors.filter((errors) =>
    errors.length > 0 &&
    errors.every((error) => error.path.length > 0 || error.code === "unrecognized_keys")
  );
  return branches.length === 1 ? branches[0] : undefined;
}

/** Words for what a schema expected. */
function expectation(issue: Issue): string {
  const rule = expectations[issue.code as keyof typeof expectations] as
    | ((issue: Issue) => string)
    | undefined;
  return rule?.(issue) ?? issue.message;
}

const expectations = {
  invalid_type: (issue: z.core.$ZodIssueInvalidType) =>
    issue.message?.startsWith("Invalid") === false
      ? issue.message
      : typeWords[issue.expected] ?? issue.expected,
  invalid_value: (issue: z.core.$ZodIssueInvalidValue) => oneOf(issue.values.map(quote)),
  too_small: (issue: z.core.$ZodIssueTooSmall) => bound(issue.origin, issue.minimum, "min", issue),
  too_big: (issue: z.core.$ZodIssueTooBig) => bound(issue.origin, issue.maximum, "max", issue),
  not_multiple_of: (issue: z.core.$ZodIssueNotMultipleOf) => `a multiple of ${issue.divisor}`,
  invalid_format: (issue: z.core.$ZodIssueInvalidStringFormat) =>
    issue.message.startsWith("Invalid") ? `text in the form ${issue.format}` : issue.message,
  invalid_union: (issue: z.core.$ZodIssueInvalidUnion) => {
    if (!issue.message.startsWith("Invalid")) return issue.message;
    const options = (issue as { options?: readonly unknown[] }).options;
    if (issue.errors.length === 0 && options) return oneOf(options.map(quote));
    const branches = issue.errors.map((errors) => errors[0]).filter((error) => error !== undefined);
    return oneOf([...new Set(branches.map(expectation))]);
  },
  custom: (issue: z.core.$ZodIssueCustom) =>
    typeof issue.params?.expected === "string" ? issue.params.expected : issue.message,
};

const typeWords: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a map",
  record: "a map",
  null: "null",
};

function bound(
  origin: string,
  limit: number | bigint,
  side: "min" | "max",
  issue: { readonly inclusive?: boolean },
): string {
  const counted = countedWords[origin];
  if (counted) {
    const [whole, one, many] = counted;
    const unit = Number(limit) === 1 ? one : many;
    return `${whole} of ${side === "min" ? "at least" : "at most"} ${limit} ${unit}`;
  }
  if (issue.inclusive === false) return side === "min" ? `above ${limit}` : `below ${limit}`;
  return side === "min" ? `at least ${limit}` : `at most ${limit}`;
}

const countedWords: Readonly<Record<string, readonly [string, string, string]>> = {
  string: ["text", "character", "characters"],
  array: ["a list", "entry", "entries"],
  object: ["a map", "key", "keys"],
  record: ["a map", "key", "keys"],
};

function oneOf(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? "nothing";
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function quote(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}

/** A value in few words. */
export function describe(value: unknown): string {
  if (value instanceof Reference) {
    return value.output === undefined
      ? `task ${value}, of which not exactly one output fits`
      : `a reference to ${value}`;
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  }
  if (value === null || value === undefined) return "empty";
  if (typeof value === "object") return "a map";
  const text = quote(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}

function referenceNotes(reference: Reference): string[] {
  const outputs = Object.entries(reference.task.outputs).map(([name, type]) => `${name}: ${type}`);
  return reference.output === undefined
    ? [`outputs of ${reference.task.id}: ${outputs.join(", ")}`]
    : [`${reference} is a ${reference.task.outputs[reference.output]} artifact`];
}

/** `stages: ./folder` is what some runners call a folder of stage types. */
function folderNotes(path: DocumentPath, input: unknown): string[] {
  if (pathText(path) !== "stages" || typeof input !== "string") return [];
  return [`"stageFolder" names a folder of your own stage types`];
}

/** How a task runs must be written in the file: only its parameters may be references. */
function settingNotes(path: DocumentPath, input: unknown): string[] {
  const inTask = path[0] === "stages" && path.length >= 3 && path[2] !== "with";
  if (!inTask || typeof input !== "string" || !input.includes("${{")) return [];
  return [`a reference is not allowed here; for one run use --set ${path.join(".")}=VALUE`];
}

/** "Did you mean", for a word that is nearly one of the allowed ones. */
function wordNotes(issue: Issue, input: unknown): string[] {
  if (typeof input !== "string") return [];
  const near = nearest(input, allowedWords(issue));
  return near === undefined ? [] : [`did you mean "${near}"?`];
}

function allowedWords(issue: Issue): string[] {
  if (issue.code === "invalid_value") {
    return issue.values.filter((value) => typeof value === "string");
  }
  if (issue.code === "invalid_union") {
    const options = (issue as { options?: readonly unknown[] }).options ?? [];
    return [
      ...options.filter((option) => typeof option === "string"),
      ...issue.errors.flat().flatMap(allowedWords),
    ];
  }
  return [];
}

function isMissing(value: unknown, path: DocumentPath): boolean {
  if (path.length === 0) return value === undefined;
  const parent = valueAt(value, path.slice(0, -1));
  return typeof parent === "object" && parent !== null && !((path.at(-1)!) in parent);
}

/** The part of a schema that checks the value at a path. */
function schemaAt(schema: unknown, path: DocumentPath): unknown {
  const [step, ...rest] = path;
  const bare = unwrap(schema);
  if (step === undefined) return bare;
  if (bare instanceof z.ZodObject) return schemaAt(bare.shape[String(step)], rest);
  if (bare instanceof z.ZodRecord) return schemaAt(bare.valueType, rest);
  if (bare instanceof z.ZodArray) return schemaAt(bare.element, rest);
  if (bare instanceof z.ZodUnion) {
    return bare.options.map((option) => schemaAt(option, path)).find((found) =>
      found !== undefined
    );
  }
  return undefined;
}

function unwrap(schema: unknown): unknown {
  if (
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ||
    schema instanceof z.ZodNullable || schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodLazy
  ) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  return schema;
}

function knownKeys(schema: unknown): string[] {
  if (schema instanceof z.ZodObject) {
    return Object.keys(schema.shape).filter((key) => key !== "$schema");
  }
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((o) => knownKeys(unwrap(o)));
  return [];
}
