/** Follows a value back from its use to the place where it was written. @module */
import { parseTemplate } from "./expression.ts";
import type { DocumentPath } from "../../diagnostic/document_path.ts";
import type { Tree } from "./tree.ts";

/** References may lead to references; a ring of them is reported elsewhere. */
const maxHops = 16;

/**
 * Path of the value that is at a path once `${{ vars.… }}` and `${{ matrix.… }}` are followed.
 * Of a matrix axis it is the element that equals `value`, where there is one.
 */
export function writtenAt(tree: unknown, path: DocumentPath, value: unknown): DocumentPath {
  let current = path;
  let isAxis = false;
  for (let hop = 0; hop < maxHops; hop++) {
    const next = follow(tree, current);
    // A reference that leads nowhere is itself the mistake.
    if (next === undefined || valueAt(tree, next.path) === undefined) break;
    isAxis ||= next.isAxis;
    current = next.path;
  }
  const list = isAxis ? valueAt(tree, current) : undefined;
  const index = Array.isArray(list) ? list.indexOf(value) : -1;
  return index < 0 ? current : [...current, index];
}

/** One step along the first reference on the way to a path. */
function follow(
  tree: unknown,
  path: DocumentPath,
): { readonly path: DocumentPath; readonly isAxis: boolean } | undefined {
  for (let length = 1; length <= path.length; length++) {
    const found = valueAt(tree, path.slice(0, length));
    if (typeof found !== "string") continue;
    const template = parseTemplate(found);
    if (template.kind !== "whole") return undefined;
    const [root, name, ...steps] = template.expression.path;
    if (name === undefined) return undefined;
    const rest = path.slice(length);
    if (root === "vars") return { path: ["vars", name, ...steps, ...rest], isAxis: false };
    if (root !== "matrix" || path[0] !== "stages") return undefined;
    return { path: ["stages", path[1]!, "matrix", name], isAxis: true };
  }
  return undefined;
}

/** The value at a path; `undefined` where there is none. */
export function valueAt(tree: unknown, path: DocumentPath): unknown {
  let value = tree;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Tree)[step];
  }
  return value;
}
