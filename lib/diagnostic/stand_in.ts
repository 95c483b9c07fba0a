/** Recognises what hubs and web sites give in place of a file. @module */

/** How texts begin that stand for a file, and what they are. */
const standIns: readonly (readonly [start: RegExp, title: string])[] = [
  [/^version https:\/\/git-lfs/, "a pointer of Git LFS; fetch the file itself: git lfs pull"],
  // A page may begin with a byte order mark, and have a declaration or comments before its start.
  [/^(?:\xef\xbb\xbf)?\s*<(?:[^]*<)?(?:!doctype html|html[\s>])/i, "a web page"],
];

/**
 * What a file is that came in place of another, in words that go on from "it is".
 *
 * @param start How it begins: its text, or its bytes as Latin-1. The first 1024 signs are looked at.
 * @example
 * ```ts
 * standIn("<!DOCTYPE html>…"); // "a web page"
 * ```
 */
export function standIn(start: string): string | undefined {
  const looked = start.slice(0, 1024);
  return standIns.find(([pattern]) => pattern.test(looked))?.[1];
}
