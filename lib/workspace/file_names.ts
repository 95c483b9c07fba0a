/** Makes file names for outputs and tasks: unique, and not too long. @module */
import { sha256 } from "../pipeline/contract/canonical.ts";

/** File systems take 255 bytes. */
const LONGEST_BYTES = 200;

/** Characters that separate folders, steer a terminal or are invisible; and the beginning of `..`. */
const UNFIT = /^\.|[/\\\p{C}]|[\s.]$/gu;

/** A name that was marked, or looks so: the mark is before the letters of an extension. */
const MARKED = /~[0-9a-f]{12}(?:\.[A-Za-z]{1,12})?$/;

/**
 * Names of files for labels, in the same order. Different labels have different names, also where a
 * file system takes small and capital letters or two ways to write an accent for the same. A label
 * that can be a name, and is not taken, is its own; others are marked with a digest of what they were.
 *
 * @param labels Each only once.
 *
 * @example
 * ```ts
 * fileNames(["m=a-b", "m=a/b"]); // ["m=a-b", "m=a-b~ecf3dd5a2d3f"]
 * ```
 */
export function fileNames(labels: readonly string[]): string[] {
  const taken = new Set<string>();
  return labels.map((label) => {
    const isTaken = taken.has(folded(label));
    taken.add(folded(label));
    const isName = label !== "" && !MARKED.test(label) && fitted(label) === label;
    return isName && !isTaken ? label : marked(label);
  });
}

/** One text for all that some file system takes for the same name. */
function folded(label: string): string {
  return label.normalize("NFKC").toUpperCase().toLowerCase();
}

function marked(label: string): string {
  const [extension = ""] = /\.[A-Za-z]{1,12}$/.exec(label) ?? [];
  const stem = fitted(label.slice(0, label.length - extension.length));
  return `${stem}~${sha256(label).slice(0, 12)}${extension}`;
}

/** A label as a name: without what does not fit, and not too long. */
function fitted(label: string): string {
  const name = label.toWellFormed().replace(UNFIT, "-");
  if (new TextEncoder().encode(name).length <= LONGEST_BYTES) return name;
  return `${[...name].slice(0, LONGEST_BYTES / 4).join("")}…`;
}
