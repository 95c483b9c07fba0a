/**
 * `deno run -A test/tools/sbom.ts > sbom.cdx.json`: the list of all parts of a release, in CycloneDX,
 * from the lock file: versions and hashes; licences as the fetched packages name them. Equal lock
 * files give equal lists.
 *
 * @module
 */
import { hash } from "node:crypto";
import {
  dependenciesOf,
  lockedPackages,
  type Lockfile,
} from "../../lib/cache/digest/locked_packages.ts";
import { moduleImports } from "../../lib/cache/digest/module_imports.ts";

/** What the list is of. */
export interface Project {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** What the list is made from. */
export interface SbomOptions {
  readonly project: Project;
  readonly lock: Lockfile;
  /** Packages that the program imports, as it names them: `npm:zod@4.6.7`; others are for tests. */
  readonly imported: readonly string[];
  /** SPDX licence of `zod@4.6.7`, where it is known. */
  readonly licenseOf: (id: string) => string | undefined;
}

/** A CycloneDX 1.6 document. */
export function makeSbom({ project, lock, imported, licenseOf }: SbomOptions) {
  const names = Object.keys(lock.npm ?? {}).sort();
  const needed = new Set(lockedPackages(imported, lock).map((line) => line.split(" ")[1]));
  const components = names.map((id) => {
    const [name, version] = split(id);
    const license = licenseOf(id);
    return {
      type: "library",
      "bom-ref": purl(id),
      name,
      version,
      scope: needed.has(`npm:${id}`) ? "required" : "excluded",
      hashes: hashesOf(lock.npm![id]!.integrity),
      ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
      purl: purl(id),
    };
  });
  const root = `pkg:jsr/${project.name}@${project.version}`;
  const direct = Object.entries(lock.specifiers ?? {})
    .filter(([specifier]) => specifier.startsWith("npm:"))
    .map(([specifier, version]) => purl(`${split(specifier.slice(4))[0]}@${version}`));
  const dependencies = names.map((id) => ({
    ref: purl(id),
    dependsOn: dependenciesOf(`npm:${id}`, lock).map((name) => purl(name.slice(4))).sort(),
  }));
  const content = {
    metadata: {
      component: {
        type: "application",
        "bom-ref": root,
        name: project.name,
        version: project.version,
        licenses: [{ expression: project.license }],
      },
    },
    components,
    dependencies: [{ ref: root, dependsOn: [...new Set(direct)].sort() }, ...dependencies],
  };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    version: 1,
    ...content,
  };
}

/** `@types/d3-scale@4.0.9` → its name and its version. */
function split(id: string): [string, string] {
  const at = id.lastIndexOf("@");
  return [id.slice(0, at), id.slice(at + 1)];
}

function purl(id: string): string {
  const [name, version] = split(id);
  return `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
}

/** `sha512-…` of the lock file, in base64, as CycloneDX has it. */
function hashesOf(integrity = ""): { alg: string; content: string }[] {
  const [, bits, base64] = /^sha(256|384|512)-(.+)$/.exec(integrity) ?? [];
  return bits === undefined
    ? []
    : [{ alg: `SHA-${bits}`, content: Uint8Array.fromBase64(base64!).toHex() }];
}

/** A UUID (version 8) that follows from a text. */
function uuidOf(text: string): string {
  const hex = hash("sha256", text);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return [...parts, hex.slice(20, 32)].join("-");
}

const root = new URL("../../", import.meta.url);

async function readJson<T>(path: URL | string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(path)) as T;
}

/** Packages that modules of the program import. */
async function importedPackages(imports: Readonly<Record<string, string>>): Promise<string[]> {
  const files = ["lib/", "stages/", "datasets/"].flatMap((folder) =>
    modulesIn(new URL(folder, root))
  );
  const found = await Promise.all(
    files.map(async (url) => moduleImports(await Deno.readTextFile(url))),
  );
  const packages = found.flat().map((specifier) => {
    const name = Object.keys(imports).find((each) =>
      specifier === each || specifier.startsWith(`${each}/`)
    );
    return name === undefined ? specifier : imports[name]!;
  });
  return [...new Set(packages)].filter((specifier) => specifier.startsWith("npm:"));
}

function modulesIn(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? modulesIn(new URL(`${name}/`, folder))
      : name.endsWith(".ts")
      ? [new URL(name, folder)]
      : []
  );
}

/** Looks into the packages that Deno has fetched on this machine. */
async function fetchedLicenses(): Promise<SbomOptions["licenseOf"]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout)) as { npmCache: string };
  const registries = [...Deno.readDirSync(npmCache)].map(({ name }) => `${npmCache}/${name}`);
  return (id) => {
    const [name, version] = split(id);
    for (const registry of registries) {
      try {
        const text = Deno.readTextFileSync(`${registry}/${name}/${version}/package.json`);
        return licenseIn(JSON.parse(text));
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return undefined;
  };
}

/** As packages name it today, or as old ones do. */
function licenseIn(
  { license, licenses }: { license?: string; licenses?: readonly { readonly type: string }[] },
): string | undefined {
  return license ?? licenses?.map(({ type }) => type).join(" AND ");
}

if (import.meta.main) {
  const config = await readJson<Project & { imports: Record<string, string> }>(
    new URL("deno.json", root),
  );
  const sbom = makeSbom({
    project: config,
    lock: await readJson<Lockfile>(new URL("deno.lock", root)),
    imported: await importedPackages(config.imports),
    licenseOf: await fetchedLicenses(),
  });
  console.log(JSON.stringify(sbom, null, 2));
  const unknown = sbom.components.filter((component) => !("licenses" in component)).length;
  console.error(
    `${sbom.components.length} packages, ${unknown} of them not fetched here: no licence`,
  );
}
