/**
 * Writes values of a plan as plain JSON for the process that runs a stage's schema, and reads them
 * back.
 *
 * @module
 */
import type { Json } from "../contract/key.ts";
import { codeWords, Reference, type ReferencedTask, Slot } from "../contract/slot.ts";
import { type ArtifactType, artifactTypes, type ParameterKind } from "../contract/stage.ts";

/** A task that a reference names, as far as a schema can see it. */
export interface ToldTask {
  readonly id: string;
  readonly outputs: Readonly<Record<string, ArtifactType>>;
}

/** Deeper values would not fit the stack of those who read them. */
const maxLevels = 200;

/** Writes values; the tasks that they refer to are gathered. */
export class ValueWriter {
  readonly #places: Map<ReferencedTask, number>;

  /** @param tasks Tasks that are known to who reads it, in their order. */
  constructor(tasks: readonly ReferencedTask[] = []) {
    this.#places = new Map(tasks.map((task, place) => [task, place]));
  }

  /** Tasks by the places that written references name. */
  get tasks(): readonly ReferencedTask[] {
    return [...this.#places.keys()];
  }

  /** @throws {TypeError} for what JSON cannot hold. */
  write(value: unknown): Json {
    if (value === undefined) return { $undefined: true };
    if (value instanceof Reference) return { $reference: [this.#place(value), value.output ?? ""] };
    if (value instanceof Slot) return this.#slot(value);
    if (Array.isArray(value)) return value.map((item) => this.write(item));
    if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
    if (value === null || typeof value !== "object") return plain(value);
    const entries = Object.entries(value).map(([key, item]) =>
      [key.startsWith("$") ? `$${key}` : key, this.write(item)] as const
    );
    return Object.fromEntries(entries);
  }

  #slot({ kind, value, beside }: Slot): Json {
    return { $slot: { ...kind }, $value: this.write(value), $beside: { ...beside } };
  }

  #place({ task }: Reference): number {
    const place = this.#places.get(task) ?? this.#places.size;
    this.#places.set(task, place);
    return place;
  }
}

function plain(value: unknown): Json {
  if (value === null || ["boolean", "number", "string"].includes(typeof value)) {
    return value as Json;
  }
  throw new TypeError(`Cannot keep a ${typeof value}: a parameter is text, number, list or map`);
}

/**
 * Reads what a `ValueWriter` wrote. It may have been written by somebody else.
 *
 * @throws {TypeError} If it is of another form.
 */
export function readValue(json: unknown, tasks: readonly ReferencedTask[], level = 0): unknown {
  if (level > maxLevels) throw new TypeError("Cannot read a value: it is too deep");
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => readValue(item, tasks, level + 1));
  const map = json as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(map, "$undefined")) return undefined;
  if (Object.hasOwn(map, "$number")) return Number(map.$number);
  if (Object.hasOwn(map, "$reference")) return readReference(map.$reference, tasks);
  if (Object.hasOwn(map, "$slot")) return readSlot(map, tasks, level);
  const entries = Object.entries(map).map(([key, item]) =>
    [key.startsWith("$$") ? key.slice(1) : key, readValue(item, tasks, level + 1)] as const
  );
  return Object.fromEntries(entries);
}

function readReference(json: unknown, tasks: readonly ReferencedTask[]): Reference {
  const [place, output] = Array.isArray(json) ? json : [];
  const task = tasks[place];
  const isKnown = task !== undefined && (output === "" || Object.hasOwn(task.outputs, output));
  if (!isKnown) throw new TypeError("Cannot read a reference: there is no such task or output");
  return output === "" ? new Reference(task) : new Reference(task, output);
}

function readSlot(
  { $slot, $value, $beside }: Readonly<Record<string, unknown>>,
  tasks: readonly ReferencedTask[],
  level: number,
): Slot {
  const value = readValue($value, tasks, level + 1);
  const isValue = typeof value === "string" || value instanceof Reference;
  if (isValue && isKind($slot) && isNumbers($beside)) return new Slot($slot, value, $beside);
  throw new TypeError("Cannot read a marked parameter: its form is wrong");
}

function isKind(kind: unknown): kind is ParameterKind {
  if (typeof kind !== "object" || kind === null || !("kind" in kind)) return false;
  if (kind.kind === "artifact") return "type" in kind && isOf(artifactTypes, kind.type);
  if (kind.kind !== "code") return isOf(["model", "dataset", "file"], kind.kind);
  return "of" in kind && isOf(Object.keys(codeWords), kind.of) && "builtIn" in kind &&
    Array.isArray(kind.builtIn);
}

function isOf(words: readonly string[], value: unknown): boolean {
  return typeof value === "string" && words.includes(value);
}

function isNumbers(value: unknown): value is Readonly<Record<string, number>> {
  return typeof value === "object" && value !== null &&
    Object.values(value).every((item) => typeof item === "number");
}
