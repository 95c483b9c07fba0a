/** `@std/assert` from the npm build of the standard library. @module */
import * as lib from "npm:deno-std@1.4.0/assert/mod.js";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;

// Assertion functions need an explicit type, so they are declared as functions.
export function assert(condition: unknown, message?: string): asserts condition {
  lib.assert(condition, message);
}
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  lib.assertExists(actual, message);
}
export const assertEquals: <T>(actual: T, expected: T, message?: string) => void = lib.assertEquals;
export const assertNotEquals: <T>(actual: T, expected: T, message?: string) => void =
  lib.assertNotEquals;
export const assertStrictEquals: <T>(actual: unknown, expected: T, message?: string) => void =
  lib.assertStrictEquals;
export const assertAlmostEquals: (
  actual: number,
  expected: number,
  tolerance?: number,
  message?: string,
) => void = lib.assertAlmostEquals;
export const assertStringIncludes: (actual: string, expected: string, message?: string) => void =
  lib.assertStringIncludes;
export const assertMatch: (actual: string, expected: RegExp, message?: string) => void =
  lib.assertMatch;
export const assertThrows: <E extends Error = Error>(
  fn: () => unknown,
  errorClass?: ErrorClass<E>,
  includes?: string,
) => E = lib.assertThrows as never;
export const assertRejects: <E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass?: ErrorClass<E>,
  includes?: string,
) => Promise<E> = lib.assertRejects as never;
export const fail: (message?: string) => never = lib.fail as never;
