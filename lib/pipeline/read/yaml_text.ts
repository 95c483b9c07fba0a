/** Parses YAML into plain values. Mistakes are reported by line and column. @module */
import type { Diagnostic, Result } from "../../diagnostic/diagnostic.ts";
import { TextPlaces } from "../../diagnostic/text_places.ts";
import { parseYaml, YamlError } from "../../diagnostic/yaml_core.ts";
import { locateProblems, type SourceText } from "./problem.ts";
import { treeProblems } from "./yaml_tree.ts";

/** Parses a text whose values can be in a key. */
export async function parseText(
  source: SourceText,
): Promise<Result<unknown, readonly Diagnostic[]>> {
  let tree: unknown;
  try {
    tree = parseYaml(source.text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return { ok: false, error: await syntaxDiagnostics(source, error) };
  }
  const problems = treeProblems(tree);
  if (problems.length === 0) return { ok: true, value: tree };
  const origins = { main: source, included: new Map(), overrides: [] };
  return { ok: false, error: await locateProblems(problems, origins) };
}

/** Tabs change what belongs to what, so that other messages would mislead. */
export function tabDiagnostics({ text, path }: SourceText): Diagnostic[] {
  const indents = [...text.matchAll(/^ *\t[ \t]*[^\s#]/gm)];
  if (indents.length === 0) return [];
  const places = new TextPlaces(text, { path });
  return indents.map(({ 0: indent, index }) => ({
    code: "tab",
    severity: "error",
    message: "Cannot indent with a tab: YAML wants spaces",
    location: places.at(index + indent.indexOf("\t"), /\t+/.exec(indent)![0].length),
  }));
}

async function syntaxDiagnostics(source: SourceText, error: YamlError): Promise<Diagnostic[]> {
  const unquoted = unquotedReferences(source.text);
  if (unquoted.length > 0) {
    const places = new TextPlaces(source.text, { path: source.path });
    return unquoted.map(({ offset, text }) => ({
      code: "unquoted-reference",
      severity: "error",
      message: `Cannot read ${text} inside { } or [ ]: YAML reads its braces as a map`,
      location: places.at(offset, text.length),
      notes: [`put it in quotes: "${text}"`],
    }));
  }
  const tabs = tabDiagnostics(source);
  if (tabs.length > 0) return tabs;
  const { yamlErrors } = await import("../../diagnostic/yaml_errors.ts");
  return yamlErrors(source.text, error, { path: source.path });
}

/** References outside quotes inside a flow collection of the same line. */
export function unquotedReferences(text: string): { offset: number; text: string }[] {
  const found: { offset: number; text: string }[] = [];
  let depth = 0;
  for (const { 0: piece, index } of text.matchAll(token)) {
    if (piece.startsWith("${{")) {
      if (depth > 0) found.push({ offset: index, text: piece });
    } else if (piece === "{" || piece === "[") depth++;
    else if (piece === "}" || piece === "]") depth = Math.max(0, depth - 1);
  }
  return found;
}

/** Quotes that nothing closes take the rest of their line, so that no sign is read twice. */
const token = /\$\{\{[^}$\n]*\}\}|"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|(?<=^|[ \t])#.*|[\[{\]}]/gm;
