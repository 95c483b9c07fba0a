/** Checks names that become part of a path. @module */

/** File systems take 255 bytes. */
const longestName = 255;

const rules: readonly (readonly [isBroken: (name: string) => boolean, cause: string])[] = [
  [(name) => name === "", "it is empty"],
  [(name) => name === "." || name === "..", "it means a folder"],
  [(name) => /[/\\]/.test(name), "it has a slash in it"],
  [(name) => /\p{Cc}/u.test(name), "it has a control character in it"],
  [(name) => new TextEncoder().encode(name).length > longestName, "it is too long"],
];

/**
 * What keeps a name from being one segment of a path, if anything: a name that passes stays in the
 * folder that it is put into.
 *
 * @example
 * ```ts
 * segmentMistake("../x"); // "it has a slash in it"
 * ```
 */
export function segmentMistake(name: string): string | undefined {
  return rules.find(([isBroken]) => isBroken(name))?.[1];
}

/** Names of models in `zoo/`, and of owners and models on a hub. */
const plainName = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** What keeps a name from being a model's, which is written in pipeline files, if anything. */
export function modelNameMistake(name: string): string | undefined {
  if (segmentMistake(name) !== undefined) return segmentMistake(name);
  return plainName.test(name)
    ? undefined
    : "a model's name has letters, digits, `.`, `_` and `-`, and does not begin with `.` or `-`";
}
