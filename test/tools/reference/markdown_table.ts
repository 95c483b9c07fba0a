/** Tables of generated pages. @module */

/** Rows as a Markdown table, the first of them as its head. `deno fmt` aligns the columns. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows.map((row) => row.map(cell));
  const rule = head!.map(() => "---");
  return [head!, rule, ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Signs that would end a cell, or that Markdown reads as HTML, are written out. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ")
    .replace(/`[^`]*`|<(?=[a-z/])/gi, (found) => found === "<" ? "&lt;" : found);
}

/** Text in the type of code. */
export const code = (text: string): string => `\`${text}\``;
