/** Resolves import specifiers by the import map of `deno.json`. @module */
import { ifThere } from "../disk/system_error.ts";

/** Resolves an import specifier in a module: a `file:` URL, or a package's specifier. */
export type Resolver = (specifier: string, importer: string) => string;

interface Config {
  readonly name?: string;
  readonly imports?: Readonly<Record<string, string>>;
  readonly links?: readonly string[];
  readonly exports?: string | Readonly<Record<string, string>>;
}

const URL_SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const JSR = /^jsr:\/?(@[^/]+\/[^/@]+)(?:@[^/]+)?(\/.*)?$/;

/**
 * Reads `deno.json` in a folder and makes the resolver that Deno would be: relative specifiers, the
 * `imports` map with its prefixes, packages that `links` maps to folders, and the project itself by
 * its public name, which modules from anywhere may import.
 *
 * @param root The folder, as a URL that ends in a slash.
 */
export function readResolver(root: URL): Resolver {
  const config = readConfig(root);
  const links = readLinks(root, config);
  const own = entriesOf(root, config);
  return (specifier, importer) => {
    if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, importer).href;
    const name = config.name ?? "";
    if (specifier === name || specifier.startsWith(`${name}/`)) {
      return own.get(`.${specifier.slice(name.length)}`) ?? specifier;
    }
    const mapped = mapImport(specifier, config.imports ?? {});
    if (/^\.{0,2}\//.test(mapped)) return new URL(mapped, root).href;
    return linked(mapped, links) ?? mapped;
  };
}

function readConfig(folder: URL): Config {
  const text = ifThere(() => Deno.readTextFileSync(new URL("deno.json", folder)));
  return text === undefined ? {} : JSON.parse(text) as Config;
}

function mapImport(specifier: string, imports: Readonly<Record<string, string>>): string {
  if (Object.hasOwn(imports, specifier)) return imports[specifier] ?? specifier;
  if (URL_SCHEME.test(specifier)) return specifier;
  const prefixes = Object.keys(imports).filter((name) => specifier.startsWith(folderOf(name)));
  const longest = prefixes.sort((a, b) => b.length - a.length)[0];
  if (longest === undefined) return `npm:${specifier}`;
  const rest = specifier.slice(folderOf(longest).length);
  return folderOf(imports[longest] ?? "") + rest;
}

function folderOf(name: string): string {
  return name.endsWith("/") ? name : `${name}/`;
}

/** Name of each linked package → URLs of its entry points by export name. */
type Links = ReadonlyMap<string, ReadonlyMap<string, string>>;

function readLinks(root: URL, config: Config): Links {
  const links = new Map<string, ReadonlyMap<string, string>>();
  for (const link of config.links ?? []) {
    const folder = new URL(folderOf(link), root);
    const linkedConfig = readConfig(folder);
    if (linkedConfig.name !== undefined) {
      links.set(linkedConfig.name, entriesOf(folder, linkedConfig));
    }
  }
  return links;
}

/** URLs of the entry points of a package, by export name. */
function entriesOf(folder: URL, { exports = {} }: Config): ReadonlyMap<string, string> {
  const entries = typeof exports === "string" ? { ".": exports } : exports;
  return new Map(
    Object.entries(entries).map(([key, path]) => [key, new URL(path, folder).href] as const),
  );
}

function linked(specifier: string, links: Links): string | undefined {
  const [, name, path = ""] = JSR.exec(specifier) ?? [];
  return name === undefined ? undefined : links.get(name)?.get(`.${path}`);
}
