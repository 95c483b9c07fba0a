/** YAML text to plain values, with mistakes of the text told by line and column. @module */
import { parse as parseYaml } from "@std/yaml";
import type { Diagnostic, Result } from "../diagnostic/diagnostic.ts";
import { locateProblems, type SourceText } from "./problem.ts";
import { treeProblems } from "./yaml_tree.ts";

/** Parses a text whose values can stand in a key. */
export async function parseText(
  source: SourceText,
): Promise<Result<unknown, readonly Diagnostic[]>> {
  let tree: unknown;
  try {
    tree = parseYaml(source.text);
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, error: [nestedTooDeep(source)] };
    if (!(error instanceof SyntaxError)) throw error;
    return { ok: false, error: await syntaxDiagnostics(source, error) };
  }
  const problems = treeProblems(tree);
  if (problems.length === 0) return { ok: true, value: tree };
  const origins = { main: source, included: new Map(), overrides: [] };
  return { ok: false, error: await locateProblems(problems, origins) };
}

function nestedTooDeep({ path }: SourceText): Diagnostic {
  const message = `Cannot parse "${path}": its lists and maps are nested too deeply`;
  return { code: "yaml-syntax", severity: "error", message };
}

/** Tabs change what belongs to what, so that other messages would mislead. */
export async function tabDiagnostics({ text, path }: SourceText): Promise<Diagnostic[]> {
  const indents = [...text.matchAll(/^ *(\t+)\s*[^\s#]/gm)];
  if (indents.length === 0) return [];
  const { YamlPositions } = await import("../diagnostic/yaml_positions.ts");
  const positions = new YamlPositions(text, { path });
  return indents.map((match) => ({
    code: "tab",
    severity: "error",
    message: "Cannot indent with a tab: YAML wants spaces",
    location: positions.at(match.index + match[0].indexOf("\t"), match[1]!.length),
  }));
}

async function syntaxDiagnostics(source: SourceText, error: SyntaxError): Promise<Diagnostic[]> {
  const { YamlPositions } = await import("../diagnostic/yaml_positions.ts");
  const positions = new YamlPositions(source.text, { path: source.path });
  const unquoted = unquotedReferences(source.text);
  if (unquoted.length > 0) {
    return unquoted.map(({ offset, text }) => ({
      code: "unquoted-reference",
      severity: "error",
      message: `Cannot read ${text} inside { } or [ ]: YAML takes its braces for a map`,
      location: positions.at(offset, text.length),
      notes: [`put it in quotes: "${text}"`],
    }));
  }
  const tabs = await tabDiagnostics(source);
  const found = tabs.length > 0 ? tabs : positions.syntaxErrors();
  if (found.length > 0) return found;
  // What one parser refuses and the other takes, such as an alias without an anchor.
  const [, cause, line, column] = saidWhere.exec(error.message) ?? [];
  const before = source.text.split("\n").slice(0, Number(line ?? 1) - 1);
  const offset = before.reduce((sum, each) => sum + each.length + 1, Number(column ?? 1) - 1);
  const message = `Cannot parse YAML: ${cause ?? error.message.split("\n")[0]}`;
  return [{ code: "yaml-syntax", severity: "error", message, location: positions.at(offset, 1) }];
}

const saidWhere = /^(?:Cannot [^:\n]*: )?(.*?) at line (\d+), column (\d+)/;

/** References outside quotes inside a flow collection of the same line. */
export function unquotedReferences(text: string): { offset: number; text: string }[] {
  const found: { offset: number; text: string }[] = [];
  let depth = 0;
  const token = /\$\{\{[^}\n]*\}\}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|(?<=^|\s)#.*|[\[{\]}]/gm;
  for (const { 0: piece, index } of text.matchAll(token)) {
    if (piece.startsWith("${{")) {
      if (depth > 0) found.push({ offset: index, text: piece });
    } else if (piece === "{" || piece === "[") depth++;
    else if (piece === "}" || piece === "]") depth = Math.max(0, depth - 1);
  }
  return found;
}
