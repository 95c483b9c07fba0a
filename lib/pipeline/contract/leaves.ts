/**
 * Walks over the values of a pipeline file, and over the parameters made from them. There is no
 * other walk.
 *
 * @module
 */
import type { DocumentPath } from "../../diagnostic/document_path.ts";
import { Reference, Slot } from "./slot.ts";

/** A value that is neither a list nor a map, and its path. */
export interface Leaf {
  readonly value: unknown;
  readonly path: DocumentPath;
}

/**
 * All leaves of a value in their order: texts, numbers, slots, references, and holes (`undefined`).
 * It keeps its own stack, so that no depth is too deep for it.
 */
export function* leavesOf(value: unknown, path: DocumentPath = []): Generator<Leaf> {
  const open: Leaf[] = [{ value, path }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (!isBranch(next.value)) yield next;
    else for (const leaf of below(next.value, next.path).reverse()) open.push(leaf);
  }
}

function isBranch(value: unknown): value is object {
  return typeof value === "object" && value !== null &&
    !(value instanceof Slot) && !(value instanceof Reference);
}

function below(branch: object, path: DocumentPath): Leaf[] {
  const isList = Array.isArray(branch);
  return Object.entries(branch).map(([key, value]) => ({
    value,
    path: [...path, isList ? Number(key) : key],
  }));
}
