/** Describes an error from a user's own code, with places in that code only. @module */
import { fromFileUrl } from "@std/path";
import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import { isProjectCode } from "./project_code.ts";
import { shownPath } from "./shown_path.ts";

/** A place in a module, from the stack of an error. */
export interface Frame {
  /** Name of the function; empty at the top of a module. */
  readonly name: string;
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** The places that are shown: the one that threw and those that led to it. */
const maxFrames = 5;

/** Characters of a line of code, or of a message, that are shown. */
const longestText = 500;

/**
 * What a user's code threw: `TypeError in my_stages/greet.ts:4:14: …`, then the line of code and the
 * functions that led there.
 *
 * @param module URL of the module that ran.
 * @returns Undefined where neither the module nor anything on the stack is a user's: then the
 * mistake is ours.
 *
 * @example
 * ```ts ignore
 * try { await stage.run(parameters, context); }
 * catch (error) { console.error(thrownDiagnostic(error, module)?.message); }
 * ```
 */
export function thrownDiagnostic(error: unknown, module: string): Diagnostic | undefined {
  const [first, ...rest] = error instanceof Error ? ownFrames(error.stack ?? "") : [];
  if (first === undefined && !isOwn(module)) return undefined;
  const place = first === undefined ? shownPath(fromFileUrl(module)) : placeOf(first);
  const message = error instanceof Error
    ? `${error.name} in ${place}: ${firstLineOf(error)}`
    : `${place} threw ${quoted(error)}, which is not an Error and so has no line`;
  const notes = [
    ...(first === undefined ? [] : lineOf(first)),
    ...rest.map(calledFrom),
    ...(error instanceof Error ? causesOf(error) : []),
  ];
  return { code: "own-code", severity: "error", message, notes };
}

/** The places in a user's code on a stack, the innermost first. */
export function ownFrames(stack: string): readonly Frame[] {
  return stack.split("\n").flatMap((line) => frameOf(line) ?? []).slice(0, maxFrames);
}

/** `    at async run (file:///home/me/my_stages/greet.ts:4:14)` */
const frameLine = /^\s+at (?:async )?(?:(.*?) \()?(file:\/\/.+?):(\d+):(\d+)\)?$/;

function frameOf(text: string): Frame | undefined {
  const [, name = "", url, line, column] = frameLine.exec(text) ?? [];
  if (url === undefined || !isOwn(url)) return undefined;
  return { name, path: fromFileUrl(url), line: Number(line), column: Number(column) };
}

/** Whether a module is a user's: none of this project's, and none of a package. */
function isOwn(url: string): boolean {
  const isPackage = /\/node_modules\/|\/npm\/[^/]+\/(?:@[^/]+\/)?[^/]+\/\d+\.\d+/.test(url);
  return !isPackage && !isProjectCode(url);
}

/** `my_stages/greet.ts:4:14` */
export function placeOf({ path, line, column }: Frame): string {
  return `${shownPath(path)}:${line}:${column}`;
}

function calledFrom(frame: Frame): string {
  return `called from ${frame.name === "" ? "" : `${frame.name}, `}${placeOf(frame)}`;
}

/** `4 |   return image.size.width;` */
function lineOf({ path, line }: Frame): string[] {
  try {
    const text = Deno.readTextFileSync(path).split(/\r?\n/)[line - 1] ?? "";
    return text.trim() === "" ? [] : [`${line} | ${text.trimEnd().slice(0, longestText)}`];
  } catch {
    // The module is there no more, or may not be read: its place is reported all the same.
    return [];
  }
}

function firstLineOf({ message }: Error): string {
  return message.split("\n")[0]!.slice(0, longestText);
}

function quoted(thrown: unknown): string {
  return Deno.inspect(thrown, { depth: 2 }).slice(0, longestText);
}

/** What an error was thrown for, and what it gathers. */
function causesOf(error: Error): string[] {
  const causes = [...(error instanceof AggregateError ? error.errors : []), error.cause];
  return causes.filter((cause) => cause !== undefined && cause !== null).slice(0, maxFrames)
    .map((cause) => `because of ${describe(cause)}`);
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return quoted(cause);
  const [frame] = ownFrames(cause.stack ?? "");
  const place = frame === undefined ? "" : ` in ${placeOf(frame)}`;
  return `${cause.name}${place}: ${firstLineOf(cause)}`;
}
