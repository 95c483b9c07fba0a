/**
 * Makes the cells of a matrix: combinations of axis values, with `include` and `exclude`.
 *
 * @module
 */
import { canonicalJson } from "../contract/canonical.ts";
import { Reference, type ReferencedTask } from "../contract/slot.ts";

/** Values of one cell by axis. */
export type Cell = Readonly<Record<string, unknown>>;

/** Axes in the order of the file, with resolved values. */
export interface MatrixValues {
  readonly axes: Readonly<Record<string, readonly unknown[]>>;
  readonly include: readonly Cell[];
  readonly exclude: readonly Cell[];
}

/**
 * All cells in the order of the axes, the first axis slowest. An `include` entry that names all axes
 * adds a cell; one that names some or none adds its other values to the cells that match.
 */
export function expandMatrix(matrix: MatrixValues): Cell[] {
  const names = Object.keys(matrix.axes);
  let cells: Cell[] = names.length === 0 ? [] : [{}];
  for (const name of names) {
    const values = matrix.axes[name]!;
    cells = cells.flatMap((cell) => values.map((value) => ({ ...cell, [name]: value })));
  }
  if (matrix.exclude.length > 0) {
    cells = cells.filter((cell) => !matrix.exclude.some((entry) => matches(cell, entry, entry)));
  }
  for (const entry of matrix.include) cells = addEntry(cells, entry, names);
  return cells;
}

function addEntry(cells: readonly Cell[], entry: Cell, names: readonly string[]): Cell[] {
  const part = (isNamed: boolean) =>
    Object.fromEntries(Object.entries(entry).filter(([key]) => names.includes(key) === isNamed));
  const [named, others] = [part(true), part(false)];
  if (!cells.some((cell) => matches(cell, named, named))) return [...cells, entry];
  return cells.map((cell) => matches(cell, named, named) ? { ...cell, ...others } : cell);
}

function matches(cell: Cell, entry: Cell, keys: Cell): boolean {
  return Object.keys(keys).every((key) => key in cell && isSame(cell[key], entry[key]));
}

/** A map matches a map by the keys that it names, and a task of another stage by that task's axes. */
function isSame(a: unknown, b: unknown): boolean {
  if (isMap(a) && isMap(b) && !(b instanceof Reference) && Object.keys(b).length > 0) {
    return matches(a instanceof Reference ? a.task.cell : a, b, b);
  }
  return a === b || (typeof a === typeof b && canonicalJson(a) === canonicalJson(b));
}

function isMap(value: unknown): value is Cell {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const longestValue = 48;
const longestTask = 4 * longestValue;

/** One line, and short enough to be part of a file's name. */
function shortened(text: string, longest = longestValue): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

/** Short, unique names of cells: `loss=tvp,seed=0`. */
export function cellLabels(
  cells: readonly Cell[],
  hide: (text: string) => string = String,
): string[] {
  const seen = new Map<string, number>();
  const taken = new Set<string>();
  return cells.map((cell) => {
    const parts = Object.entries(cell).map(([name, value]) => `${name}=${valueLabel(value, hide)}`);
    const label = parts.join(",");
    let count = seen.get(label) ?? 0;
    let unique: string;
    // A value may itself end like the number of an equal label.
    do unique = ++count === 1 ? label : `${label}~${count}`; while (taken.has(unique));
    seen.set(label, count);
    taken.add(unique);
    return unique;
  });
}

function valueLabel(value: unknown, hide: (text: string) => string): string {
  if (value instanceof Reference) return taskLabel(value.task, hide) || value.toString();
  if (typeof value !== "object" || value === null) return shortened(hide(String(value)));
  if ("name" in value && typeof value.name === "string") return shortened(hide(value.name));
  if (Array.isArray(value)) return value.map((each) => valueLabel(each, hide)).join("+");
  return Object.entries(value).map(([name, item]) => `${name}:${valueLabel(item, hide)}`).join("+");
}

const taskLabels = new WeakMap<ReferencedTask, string>();

/** The values of a task's cell, each once worked out: tasks refer to tasks that refer to tasks. */
function taskLabel(task: ReferencedTask, hide: (text: string) => string): string {
  const known = taskLabels.get(task);
  if (known !== undefined) return known;
  const values = Object.values(task.cell).map((value) => valueLabel(value, hide));
  const label = shortened(values.join("-"), longestTask);
  taskLabels.set(task, label);
  return label;
}
