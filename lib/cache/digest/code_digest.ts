/** Digests of code: a module with all that it imports, and the packages that these need. @module */
import { dirname, fromFileUrl, join, toFileUrl } from "@std/path";
import type { Digest } from "../../pipeline/contract/key.ts";
import { digestFile, digestText, isDigest } from "./digest.ts";
import type { FileMemo, MemoKind } from "./file_memo.ts";
import { lockedPackages, type Lockfile } from "./locked_packages.ts";
import { type ModuleNames, moduleNames } from "./module_imports.ts";
import { readResolver, type Resolver } from "./resolve_import.ts";
import { ifThere } from "../disk/system_error.ts";

/** What is read of one module: its bytes' digest and what it names, as written. */
interface Scanned extends ModuleNames {
  readonly digest: Digest;
}

/** A module with its imports resolved: local files by URL, packages by specifier. */
interface Module extends Scanned {
  readonly local: readonly string[];
  readonly packages: readonly string[];
}

const SOURCE = /\.(?:m|c)?[jt]sx?$/;

/** What is known of modules; see {@link codeDigests}. */
export interface CodeDigests {
  digest(module: URL): Promise<Digest>;
  /** URLs of the module and of all local modules that it imports, directly or not. */
  modules(module: URL): Promise<readonly string[]>;
}

/**
 * Makes what digests a module with all the local modules it imports, directly or not, the files
 * beside them that they name, and the lock file's entries of the packages that any of them imports. It does not depend on where
 * the files lie: modules count by their bytes and by which imports which.
 *
 * @param root Folder of `deno.json` and `deno.lock`, as a URL that ends in a slash.
 * @param memo Spares reading modules that were read before.
 */
export function codeDigests(root: URL, memo: FileMemo): CodeDigests {
  const modules = new Map<string, Promise<Module>>();
  const digests = new Map<string, Promise<Digest>>();
  const resolver = readResolver(root);
  const lock = readLock(root);
  const load = (url: string): Promise<Module> =>
    once(modules, url, () => readModule(url, resolver, memo));
  return {
    digest: (module) => once(digests, module.href, () => digestGraph(module.href, load, lock)),
    modules: async (module) => [...(await walk(module.href, load)).urls.keys()],
  };
}

function once<T>(map: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

async function digestGraph(
  entry: string,
  load: (url: string) => Promise<Module>,
  lock: Lockfile,
): Promise<Digest> {
  const { urls, modules } = await walk(entry, load);
  const packages = modules.flatMap((module) => module.packages);
  const lines = modules.map(({ digest, local }) =>
    `module ${digest} ${local.map((url) => urls.get(url)).join(" ")}\n`
  );
  return digestText([...lines, ...lockedPackages(packages, lock)].join(""));
}

/** All modules reached from the entry, breadth first, and the place of each in that order. */
async function walk(
  entry: string,
  load: (url: string) => Promise<Module>,
): Promise<{ urls: Map<string, number>; modules: Module[] }> {
  const urls = new Map([[entry, 0]]);
  const modules: Module[] = [];
  for (const url of urls.keys()) {
    const module = await load(url);
    modules.push(module);
    for (const next of module.local) if (!urls.has(next)) urls.set(next, urls.size);
  }
  return { urls, modules };
}

async function readModule(url: string, resolver: Resolver, memo: FileMemo): Promise<Module> {
  const scanned = await memo.get(SCANS, fromFileUrl(url));
  const resolved = scanned.imports.map((specifier) => resolver(specifier, url));
  const imported = resolved.filter((target) => target.startsWith("file:"));
  return {
    ...scanned,
    local: [...new Set([...imported, ...scanned.texts.map((text) => besideModule(text, url))])]
      .filter(isFile),
    packages: resolved.filter((target) => !/^(?:file|node|data):/.test(target)),
  };
}

/** A path that is put together has its name behind a slash: `${import.meta.dirname}/words.txt`. */
function besideModule(text: string, url: string): string {
  return toFileUrl(join(dirname(fromFileUrl(url)), text)).href;
}

async function scan(path: string): Promise<Scanned> {
  const text = SOURCE.test(path) ? await Deno.readTextFile(path) : "";
  return { digest: await digestFile(path), ...moduleNames(text) };
}

const SCANS: MemoKind<Scanned> = { name: "module 2", compute: scan, is: isScanned };

function isScanned(value: unknown): value is Scanned {
  const { digest, imports, texts } = (value ?? {}) as Partial<Scanned>;
  return isDigest(digest) &&
    [imports, texts].every((names) =>
      Array.isArray(names) && names.every((each) => typeof each === "string")
    );
}

/** A file named in a module need not be there: `new URL("../data/", import.meta.url)` is a folder. */
function isFile(url: string): boolean {
  return ifThere(() => Deno.statSync(fromFileUrl(url)).isFile) ?? false;
}

function readLock(root: URL): Lockfile {
  const text = ifThere(() => Deno.readTextFileSync(new URL("deno.lock", root)));
  return text === undefined ? {} : JSON.parse(text) as Lockfile;
}
