/** Finds the fields of a key that changed. @module */
import { canonicalJson } from "../contract/canonical.ts";
import type { Json, KeyPreimage } from "../contract/key.ts";

/** A field that differs between two preimages; `undefined` where it is absent. */
export interface KeyDifference {
  /** `parameters.steps` */
  readonly field: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/**
 * All fields that differ, in the order of the preimage.
 *
 * @example
 * ```ts
 * import { explainKey, type KeyPreimage } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const before = {
 *   format: 1,
 *   stage: "noop",
 *   code: "0".repeat(64) as KeyPreimage["code"],
 *   parameters: { pixels: 48 },
 *   environment: {},
 * } satisfies KeyPreimage;
 * const after = { ...before, parameters: { pixels: 50 } };
 * assertEquals(explainKey(before, after), [{ field: "parameters.pixels", before: 48, after: 50 }]);
 * ```
 */
export function explainKey(before: KeyPreimage, after: KeyPreimage): readonly KeyDifference[] {
  const order = ["format", "stage", "code", "parameters", "environment", "provider"] as const;
  return order.flatMap((field) => differences(field, before[field], after[field]));
}

function differences(
  field: string,
  before: Json | undefined,
  after: Json | undefined,
): KeyDifference[] {
  if (before === after) return [];
  if (isMap(before) && isMap(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => differences(`${field}.${name}`, before[name], after[name]));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, index) => differences(`${field}[${index}]`, item, after[index]));
  }
  const same = before !== undefined && after !== undefined &&
    canonicalJson(before) === canonicalJson(after);
  return same ? [] : [{ field, before, after }];
}

function isMap(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
