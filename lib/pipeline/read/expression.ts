/** `${{ … }}`: a path into vars, matrix, env or stages. No arithmetic, no code. @module */
import type { DocumentPath } from "../../diagnostic/document_path.ts";
import { leavesOf } from "../contract/leaves.ts";

/** Where a path may start. */
export const roots = ["vars", "matrix", "env", "stages"] as const;

/** A reference as written. */
export interface Expression {
  /** With its braces, as in the file. */
  readonly text: string;
  /** `["stages", "prompt", "*", "prompt"]` */
  readonly path: readonly string[];
  /** Begun, and closed by no `}}`. */
  readonly unclosed?: true;
}

/** A string of the pipeline file: plain, one reference, or text around references. */
export type Template =
  | { readonly kind: "plain" }
  | { readonly kind: "whole"; readonly expression: Expression }
  | { readonly kind: "mixed"; readonly parts: readonly (string | Expression)[] };

const plain: Template = { kind: "plain" };
const memo = new Map<string, Template>();

/** Takes a string apart. */
export function parseTemplate(text: string): Template {
  if (!text.includes("${{")) return plain;
  const known = memo.get(text);
  if (known) return known;
  const template = takeApart(text);
  memo.set(text, template);
  return template;
}

function takeApart(text: string): Template {
  const parts: (string | Expression)[] = [];
  let end = 0;
  for (let open = text.indexOf("${{"); open >= 0; open = text.indexOf("${{", end)) {
    if (open > end) parts.push(text.slice(end, open));
    const expression = expressionAt(text, open);
    parts.push(expression);
    end = expression.unclosed ? text.length : open + expression.text.length;
  }
  if (end < text.length) parts.push(text.slice(end));
  const [first] = parts;
  if (parts.length === 1 && typeof first === "object" && !first.unclosed) {
    return { kind: "whole", expression: first };
  }
  return { kind: "mixed", parts };
}

function expressionAt(text: string, open: number): Expression {
  const close = text.indexOf("}}", open);
  const inside = close < 0 ? "" : text.slice(open + 3, close).trim();
  if (close < 0 || inside.includes("\n")) {
    const line = text.slice(open).split("\n", 1)[0]!;
    return { text: line, path: [], unclosed: true };
  }
  return { text: text.slice(open, close + 2), path: inside === "" ? [] : inside.split(".") };
}

/** Longest expression that a message repeats. */
const longestShown = 200;

/** A text of the file as a message repeats it. */
export function shortened(text: string): string {
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}

/** What is wrong with the form of a reference, if anything. */
export function formMistake(expression: Expression): string | undefined {
  const { path, unclosed } = expression;
  if (unclosed) return "no }} closes it on its line";
  if (path.length === 0) return "it is empty";
  const bad = path.find((step) => !/^([A-Za-z0-9_][A-Za-z0-9_-]*|\*)$/.test(step));
  const written = shortened(path.join("."));
  if (bad !== undefined && /\w\[/.test(bad)) {
    const dotted = written.replace(/\[["']?([^\]"']*)["']?\]/g, ".$1");
    return `a step into a list or a map is written with a dot: ${dotted}`;
  }
  if (bad !== undefined) {
    return `"${written}" is not a path: only names, "." and "*" are allowed, no expressions`;
  }
  if (path.length === 1) return `it names no value of ${path[0]}`;
  return undefined;
}

/** Calls back for every reference in a value, with the path of the string that holds it. */
export function eachExpression(
  value: unknown,
  path: DocumentPath,
  visit: (expression: Expression, path: DocumentPath) => void,
): void {
  for (const leaf of leavesOf(value, path)) {
    if (typeof leaf.value !== "string") continue;
    const template = parseTemplate(leaf.value);
    if (template.kind === "whole") visit(template.expression, leaf.path);
    if (template.kind === "mixed") {
      template.parts.forEach((part) => typeof part === "object" && visit(part, leaf.path));
    }
  }
}
