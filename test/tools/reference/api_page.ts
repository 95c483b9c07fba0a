/** The page of what other projects can import, from the doc comments. @module */
import { code, markdownTable } from "./markdown_table.ts";
import { type ExportedSymbol, type ExportPath, publicApi } from "./public_api.ts";

/** Text of `docs/reference/api.md`. */
export async function apiPage(): Promise<string> {
  const paths = await publicApi();
  return `# The library

What another project can import ([tutorial](../tutorial.md#10-as-a-library-from-another-project)).
\`deno doc\` with the file of a path, as \`deno.json\` has it, prints the parameters and the examples.

${paths.map(section).join("\n\n")}
`;
}

function section({ specifier, doc, symbols }: ExportPath): string {
  const rows = symbols.toSorted((a, b) => a.name < b.name ? -1 : 1).map(row);
  const table = markdownTable([["name", "kind", "what it is"], ...rows]);
  return `## ${specifier}\n\n${firstSentence(doc)}\n\n${table}`;
}

function row({ name, declarations: [declaration] }: ExportedSymbol): string[] {
  const { kind, jsDoc } = declaration!;
  return [code(name), kindWords[kind] ?? kind, firstSentence(jsDoc?.doc ?? "")];
}

const kindWords: Readonly<Record<string, string>> = { typeAlias: "type", variable: "value" };

/** Of a paragraph on several lines too. Links of doc comments are their text. */
function firstSentence(doc: string): string {
  const paragraph = doc.split("\n\n")[0]!.replaceAll("\n", " ").trim();
  const sentence = /^.*?[.:!?](?=\s+[A-Z`]|$)/.exec(paragraph)?.[0] ?? paragraph;
  return sentence.replaceAll(/\{@link(?:code)? ([^}]+)\}/g, "`$1`").replace(/:$/, ".");
}
