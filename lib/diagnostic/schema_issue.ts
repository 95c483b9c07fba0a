/** Says in words what a schema finds wrong with a value. @module */

/** An issue as zod gives it; its message says what was expected. */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Longest text of a value that is shown. */
const SHOWN = 60;

/**
 * The first issue of a schema whose messages say what is expected:
 * `canvas must be a whole number from 1, but is -8`.
 *
 * @param input What was checked.
 */
export function issueText([issue]: readonly Issue[], input: unknown): string {
  const { path, message } = issue!;
  const found = path.reduce<unknown>(
    (value, step) => (value as Record<PropertyKey, unknown> | null | undefined)?.[step],
    input,
  );
  return `${placeOf(path)} must be ${message}, but is ${shown(found)}`;
}

/** What zod calls kinds of values. */
const kinds: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  nonoptional: "a value",
  number: "a number",
  object: "a map",
  record: "a map",
  string: "a text",
};

/** An issue of a schema that has no words of its own. */
interface PlainIssue extends Issue {
  readonly code?: string;
  readonly expected?: string;
}

/** The first issue of a schema that has no words of its own: `sources must be a list, but is missing`. */
export function plainIssueText([issue]: readonly PlainIssue[], input: unknown): string {
  const { code, expected = "", path, message } = issue!;
  const kind = kinds[expected];
  if (code === "invalid_type" && kind !== undefined) {
    return issueText([{ path, message: kind }], input);
  }
  return `${placeOf(path)}: ${message}`;
}

/** Number of issues that a message names; the others mostly have the same cause. */
const maxIssues = 3;

/** The first issues, as {@linkcode issueText} tells each: `mean must be a number, but is missing; …`. */
export function issuesText(issues: readonly Issue[], input: unknown): string {
  const told = issues.slice(0, maxIssues).map((issue) => issueText([issue], input));
  const more = issues.length > maxIssues ? [`and ${issues.length - maxIssues} more`] : [];
  return [...told, ...more].join("; ");
}

/** `sources[0].name` */
function placeOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "it";
  return path.map((step, i) =>
    typeof step === "number" ? `[${step}]` : i === 0 ? String(step) : `.${String(step)}`
  ).join("");
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "a map";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text;
}
