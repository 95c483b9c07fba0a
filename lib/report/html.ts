/** Text to HTML, safely. @module */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A piece of HTML: what `html` made, trusted as it is. */
export interface Html {
  readonly markup: string;
}

type Child = Html | string | number | false | undefined | readonly Child[];

function markupOf(child: Child): string {
  if (child === false || child === undefined) return "";
  if (Array.isArray(child)) return child.map(markupOf).join("");
  if (typeof child === "object") return (child as Html).markup;
  return String(child).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Template tag: text is escaped, pieces made by `html` are kept, lists are joined. */
export function html(strings: TemplateStringsArray, ...children: readonly Child[]): Html {
  return {
    markup: strings.map((text, i) => i === 0 ? text : markupOf(children[i - 1]) + text).join(""),
  };
}

/** Markup that is already safe, such as a generated SVG path. */
export const raw = (markup: string): Html => ({ markup });
