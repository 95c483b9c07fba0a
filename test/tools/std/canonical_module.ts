/** What a module says, whatever its layout: to compare a build with the sources it claims to come from. @module */
import { stripTypeScriptTypes } from "node:module";
import { parse } from "acorn";

type Tree = { readonly [name: string]: unknown };

/** A module and where it stands. */
export interface ModuleSource {
  readonly text: string;
  /** Its path below the folder of all packages: `path/posix/join.ts`. */
  readonly path: string;
}

/**
 * The syntax tree of a module as text. Types, comments, brackets that change nothing, braces around
 * one statement, and the spelling of imports are left out; everything that runs is in.
 *
 * @throws {SyntaxError} if it is not a module.
 */
export function canonicalModule({ text, path }: ModuleSource): string {
  const isTyped = path.endsWith(".ts");
  const script = isTyped ? stripTypeScriptTypes(text) : text;
  const program = parse(script, { ecmaVersion: "latest", sourceType: "module" });
  const tree = program as unknown as Tree;
  // What a build imports for its effects counts, whatever the sources do.
  const body = (tree.body as readonly Tree[]).filter((statement) =>
    !isEmpty(statement) || (!isTyped && statement.source !== null)
  );
  return JSON.stringify(simplify({ ...tree, body }, path));
}

/** `export {}`, and what an import of nothing but types leaves behind where these are taken away. */
function isEmpty({ type, specifiers, declaration = null }: Tree): boolean {
  if (type !== "ImportDeclaration" && type !== "ExportNamedDeclaration") return false;
  return declaration === null && (specifiers as readonly unknown[]).length === 0;
}

/** Fields that say where something stands and how it is written. */
const layout = new Set(["start", "end", "raw", "sourceType"]);

/** Bodies of these statements may stand in braces or not. */
const bodies = new Set(["consequent", "alternate", "body"]);

function simplify(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((item) => simplify(item, path));
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof RegExp) return String(value);
  const node = value as Tree;
  const fields = Object.entries(node).filter(([name]) => !layout.has(name)).map(([name, item]) => {
    if (name === "source" && isNamed(item)) return [name, target(item.value, path)];
    const inner = /^(If|For|While|DoWhile)/.test(String(node.type)) && bodies.has(name)
      ? withoutBraces(item)
      : item;
    return [name, simplify(inner, path)];
  });
  return Object.fromEntries(fields);
}

function withoutBraces(node: unknown): unknown {
  const { type, body } = (node ?? {}) as Tree;
  if (type !== "BlockStatement" || !Array.isArray(body) || body.length !== 1) return node;
  return /Declaration$/.test(body[0].type) ? node : body[0];
}

function isNamed(node: unknown): node is { readonly value: string } {
  return typeof (node as Tree | null)?.value === "string";
}

/** `@std/internal/format`, `../internal/format.ts` and `../internal/format.js` are one module. */
function target(specifier: string, path: string): string {
  const [, name, inner] = /^@std\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
  if (name !== undefined) return `${name}/${inner?.replaceAll("-", "_") ?? "mod"}`;
  if (!specifier.startsWith(".")) return specifier;
  const { pathname } = new URL(specifier, `file:///${path}`);
  return pathname.slice(1).replace(/\.(ts|js)$/, "");
}
