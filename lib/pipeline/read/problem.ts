/**
 * Mistakes in a pipeline file, located by path in the document and then by line and column.
 *
 * @module
 */
import type { Diagnostic, Location } from "../../diagnostic/diagnostic.ts";
import type { YamlPositions } from "../../diagnostic/yaml_positions.ts";
import type { DocumentPath } from "../../diagnostic/document_path.ts";
import { writtenAt } from "./trace.ts";

export type { DocumentPath } from "../../diagnostic/document_path.ts";

/** A text that a pipeline is made of: the file itself, an included one. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** A mistake at a path. */
export interface Problem {
  /** Problems that have it in common are one mistake, reported where it is met first. */
  readonly same?: string;
  readonly code: string;
  /** `warning`: the plan is valid nevertheless; default `error`. */
  readonly severity?: Diagnostic["severity"];
  readonly path: DocumentPath;
  /** The key or its value; default `value`. */
  readonly part?: "key" | "value";
  /** A string to point at inside the value, such as the reference that is wrong. */
  readonly excerpt?: string;
  readonly message: string;
  /** The place of the mistake once references are followed, such as an element of a matrix axis. */
  readonly value?: unknown;
  readonly notes?: readonly string[];
}

/** Whether a problem leaves the plan good. */
export function isWarning({ severity }: Pick<Problem, "severity">): boolean {
  return severity === "warning";
}

/** Which text holds a path, and which paths were set on the command line. */
export interface Origins {
  readonly main: SourceText;
  /** Text of what came from an included file, by `stages.NAME`, `vars.NAME`, `env.NAME`. */
  readonly included: ReadonlyMap<string, SourceText>;
  /** Paths given by `--set`, as written. */
  readonly overrides: readonly Override[];
}

/** A value of the command line: `vars.loss=tvp`. */
export interface Override {
  readonly path: DocumentPath;
  readonly written: string;
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
  tree?: unknown,
): Promise<Diagnostic[]> {
  if (problems.length === 0) return [];
  const { YamlPositions } = await import("../../diagnostic/yaml_positions.ts");
  const opened = new Map<SourceText, InstanceType<typeof YamlPositions>>();
  const open = (source: SourceText) => {
    if (!opened.has(source)) {
      opened.set(source, new YamlPositions(source.text, { path: source.path }));
    }
    return opened.get(source)!;
  };
  const diagnostics = problems.map((problem): Diagnostic => {
    const { code, severity = "error", message, path, part } = problem;
    const written = writtenAt(tree, path, problem.value);
    const set = origins.overrides.findLast((override) => startsWith(written, override.path));
    const source = set ? argumentOf(set) : sourceOf(path, origins);
    const found = set
      ? locateArgument(YamlPositions, set, written)
      : open(source).locate(path, part);
    const location = narrow(found, source, problem);
    const { notes = [] } = problem;
    return { code, severity, message, location, ...(notes.length > 0 ? { notes } : {}) };
  });
  return diagnostics.sort(byPlace);
}

/** One problem for each mistake; where else it is met is a note. */
export function eachOnce(problems: readonly Problem[]): readonly Problem[] {
  const met = Map.groupBy(problems, (problem) => problem.same ?? problem);
  return [...met.values()].map(([first, ...others]) => {
    if (others.length === 0) return first!;
    const paths = others.slice(0, maxPlaces).map(({ path }) => pathText(path)).join(", ");
    const more = others.length > maxPlaces ? ` and ${others.length - maxPlaces} more` : "";
    return { ...first!, notes: [...first!.notes ?? [], `also in ${paths}${more}`] };
  });
}

/** The number of places of one mistake that are named. */
const maxPlaces = 5;

/** An argument of the command line as a text of one line. */
function argumentOf({ written }: Override): SourceText {
  return { path: `--set ${written}`, text: written };
}

/** Location of a value within the YAML after `NAME=`. */
function locateArgument(
  positions: typeof YamlPositions,
  set: Override,
  path: DocumentPath,
): Location {
  const source = argumentOf(set);
  const begin = source.text.indexOf("=") + 1;
  const value = new positions(source.text.slice(begin), { path: source.path });
  const { line, column, ...place } = value.locate(path.slice(set.path.length));
  const isFirst = line === 1;
  return {
    ...place,
    line,
    column: isFirst ? column + begin : column,
    offset: place.offset + begin,
  };
}

export function startsWith(path: DocumentPath, head: DocumentPath): boolean {
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
