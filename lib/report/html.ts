/** Escapes text for HTML. @module */

import { visibleText } from "../trust/visible_text.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A piece of HTML: what `markup` made, trusted as it is. */
export interface Html {
  readonly text: string;
}

type Child = Html | string | number | false | undefined | readonly Child[];

function textOf(child: Child): string {
  if (child === false || child === undefined) return "";
  if (Array.isArray(child)) return child.map(textOf).join("");
  if (typeof child === "object") return (child as Html).text;
  return visibleText(String(child)).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Template tag: text is escaped, pieces made by `markup` are kept, lists are joined. */
export function markup(strings: TemplateStringsArray, ...children: readonly Child[]): Html {
  return {
    text: strings.map((text, i) => i === 0 ? text : textOf(children[i - 1]) + text).join(""),
  };
}

/** Markup that is already safe, such as a generated SVG path. */
export const raw = (text: string): Html => ({ text });
