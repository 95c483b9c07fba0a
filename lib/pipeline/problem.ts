/** Mistakes in a pipeline file, first by path in the document, later by line and column. @module */
import type { Diagnostic, Location } from "../diagnostic/diagnostic.ts";

/** Path of a value in a document. */
export type DocumentPath = readonly (string | number)[];

/** A text that a pipeline is made of: the file itself, an included one. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** A mistake at a path. */
export interface Problem {
  readonly code: string;
  readonly path: DocumentPath;
  /** The key or its value; default `value`. */
  readonly part?: "key" | "value";
  /** A string to point at inside the value, such as the reference that is wrong. */
  readonly excerpt?: string;
  readonly message: string;
  readonly notes?: readonly string[];
}

/** Which text holds a path, and which paths were set on the command line. */
export interface Origins {
  readonly main: SourceText;
  /** Text of what came from an included file, by `stages.NAME`, `vars.NAME`, `env.NAME`. */
  readonly included: ReadonlyMap<string, SourceText>;
  /** Paths given by `--set`, as written. */
  readonly overrides: readonly { readonly path: DocumentPath; readonly written: string }[];
}

/** `stages.prompt.matrix.seed[2]` */
export function pathText(path: DocumentPath): string {
  return path.map((step, index) =>
    typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`
  ).join("");
}

/** Finds the lines of problems. Loads the YAML parser that keeps positions. */
export async function locateProblems(
  problems: readonly Problem[],
  origins: Origins,
): Promise<Diagnostic[]> {
  if (problems.length === 0) return [];
  const { YamlPositions } = await import("../diagnostic/yaml_positions.ts");
  const opened = new Map<SourceText, InstanceType<typeof YamlPositions>>();
  const open = (source: SourceText) => {
    if (!opened.has(source)) {
      opened.set(source, new YamlPositions(source.text, { path: source.path }));
    }
    return opened.get(source)!;
  };
  const diagnostics = problems.map((problem): Diagnostic => {
    const { code, message, path, part } = problem;
    const set = origins.overrides.find((override) => startsWith(path, override.path));
    const notes = [...(problem.notes ?? []), ...(set ? [`set by --set ${set.written}`] : [])];
    const source = sourceOf(path, origins);
    const location = set ? undefined : narrow(open(source).locate(path, part), source, problem);
    return {
      code,
      severity: "error",
      message,
      ...(location ? { location } : {}),
      ...(notes.length > 0 ? { notes } : {}),
    };
  });
  return diagnostics.sort(byPlace);
}

function startsWith(path: DocumentPath, head: DocumentPath): boolean {
  return head.every((step, index) => String(path[index]) === String(step));
}

function sourceOf(path: DocumentPath, origins: Origins): SourceText {
  return origins.included.get(`${path[0]}.${path[1]}`) ?? origins.main;
}

/** Narrows a location to an excerpt of its text. */
function narrow(location: Location, source: SourceText, problem: Problem): Location {
  if (problem.excerpt === undefined) return location;
  const text = source.text.slice(location.offset, location.offset + location.length);
  const at = text.indexOf(problem.excerpt);
  if (at < 0) return location;
  return {
    ...location,
    offset: location.offset + at,
    column: location.column + at,
    length: problem.excerpt.length,
  };
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  const [x, y] = [a.location, b.location];
  if (!x || !y) return Number(!x) - Number(!y);
  return x.path < y.path ? -1 : x.path > y.path ? 1 : x.offset - y.offset;
}
