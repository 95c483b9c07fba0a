/**
 * `deno run -A test/tools/compare_std.ts [FOLDER|URL]`: compares the modules of `deno-std` that
 * `lib/std` leads to, file by file, with the official sources: a checkout of github.com/denoland/std,
 * or JSR (the default), each at the versions below. Exit code 1 if one differs; 0 with a note where
 * JSR cannot be reached.
 *
 * @module
 */
import { canonicalModule } from "./std/canonical_module.ts";
import { checkout, jsr, type OfficialSources } from "./std/official_sources.ts";

/** What deno-std 1.4.0 was built from: release-2026.07.30 of denoland/std. */
const versions = {
  assert: "1.0.19",
  async: "1.5.0",
  cli: "1.0.32",
  csv: "1.0.6",
  fmt: "1.0.10",
  internal: "1.0.14",
  path: "1.1.6",
} as const;

/** What became of a file. */
export type Comparison = "same" | "differs" | "missing";

/** Compares one module of the build with the official one. */
export async function compareModule(
  path: string,
  build: string,
  official: OfficialSources,
): Promise<Comparison> {
  const source = path.replace(/\.js$/, ".ts");
  const text = await official.read(source);
  if (text === undefined) return "missing";
  const isSame = canonicalModule({ text: build, path }) ===
    canonicalModule({ text, path: source });
  return isSame ? "same" : "differs";
}

/** Modules of a folder that the given ones lead to, themselves included, by path. */
export function reachable(folder: string, entries: readonly string[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const open = [...entries];
  for (const path of open) {
    if (texts.has(path)) continue;
    const text = Deno.readTextFileSync(`${folder}/${path}`);
    texts.set(path, text);
    // Examples in comments import too.
    const code = text.replace(/^ \*.*$/gm, "");
    for (const [, specifier] of code.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
      open.push(new URL(specifier!, `file:///${path}`).pathname.slice(1));
    }
  }
  return texts;
}

/** The package as Deno has fetched it, its hash checked by deno.lock, and what of it is imported. */
async function build(): Promise<{ folder: string; entries: readonly string[] }> {
  const root = new URL("../../lib/std/", import.meta.url);
  const files = [...Deno.readDirSync(root)].flatMap(({ name: folder }) =>
    [...Deno.readDirSync(new URL(folder, root))].map(({ name }) => `${folder}/${name}`)
  );
  const texts = await Promise.all(files.map((path) => Deno.readTextFile(new URL(path, root))));
  const imports = texts.flatMap((text) => [...text.matchAll(/"npm:deno-std@([^/]+)\/([^"]+)"/g)]);
  const [, version] = imports[0]!;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  const folder = [...Deno.readDirSync(npmCache)]
    .map(({ name }) => `${npmCache}/${name}/deno-std/${version}`).find(exists);
  if (folder === undefined) throw new TypeError(`there is no deno-std ${version} in ${npmCache}`);
  return { folder, entries: imports.map(([, , path]) => path!) };
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

async function isReached(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/@std/path/meta.json`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function main([place = "https://jsr.io"]: readonly string[]): Promise<number> {
  const isUrl = /^https?:/.test(place);
  if (isUrl && !await isReached(place)) {
    console.log(`skipped: ${place} cannot be reached from here`);
    return 0;
  }
  const official = isUrl ? jsr(place, versions) : checkout(place);
  const { folder, entries } = await build();
  const found: Record<Comparison, number> = { same: 0, differs: 0, missing: 0 };
  for (const [path, text] of [...reachable(folder, entries)].sort()) {
    const comparison = await compareModule(path, text, official);
    found[comparison] += 1;
    console.log(`${comparison.padEnd(7)}  ${path}`);
  }
  console.log(`${found.same} the same, ${found.differs} other, ${found.missing} missing`);
  return found.differs + found.missing === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
