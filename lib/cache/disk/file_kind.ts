/**
 * Names what is neither a file nor a folder. Reading it may never end, or may have an effect.
 *
 * @module
 */

/** What something is, in words: `a named pipe`. */
export function fileKind(info: Deno.FileInfo): string {
  const [, words] = kinds.find(([is]) => info[is])!;
  return words;
}

const kinds = [
  ["isFile", "a file"],
  ["isDirectory", "a folder"],
  ["isSymlink", "a link"],
  ["isFifo", "a named pipe"],
  ["isSocket", "a socket"],
  ["isBlockDevice", "a device"],
  ["isCharDevice", "a device"],
  ["mode", "no file"],
] as const satisfies readonly (readonly [keyof Deno.FileInfo, string])[];
