/**
 * Fetches art and word lists from npm packages when a data set needs them. This project does not
 * import them, because everyone who runs it downloads all that is in its lock file.
 *
 * @module
 */
import { join } from "@std/path";
import type { Download } from "../data/dataset.ts";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { type ArtPackage, type ArtPackageName, artPackages } from "./art_packages.ts";
import { gunzip, readTar } from "./tarball.ts";

/** Where to keep packages and how to fetch them. */
export interface DownloadOptions {
  /** Folder that is kept, by default `.tvp/downloads`. */
  readonly downloads?: string;
  /** URL of the npm registry, by default the environment's `npm_config_registry`, or npm's own. */
  readonly registry?: string;
  readonly signal?: AbortSignal;
  /** Told of every download, with its bytes and seconds. */
  readonly onDownload?: (download: Download) => void;
}

/** Folder of downloads where none is given. */
export const defaultDownloads = ".tvp/downloads";

/**
 * Makes sure that the package lies unpacked in the folder of downloads, and returns its path.
 * Fetches from `npm_config_registry` (default registry.npmjs.org) if it does not.
 *
 * @throws {DiagnosticError} If it cannot be fetched, or its bytes are not those of the pinned version.
 */
export function openArtPackage(
  name: ArtPackageName,
  options: DownloadOptions = {},
): Promise<string> {
  return openPackage(artPackages[name], options);
}

/** As {@linkcode openArtPackage}, for any package of the registry. */
export async function openPackage(
  entry: ArtPackage,
  options: DownloadOptions = {},
): Promise<string> {
  const name = entry.package.replace(/^.*\//, "");
  const folder = join(options.downloads ?? defaultDownloads, `${name}-${entry.version}`);
  if (await exists(folder)) return folder;
  const start = performance.now();
  const tarball = await download(entry, options);
  await checkIntegrity(entry, tarball);
  await unpack(entry, tarball, folder);
  const seconds = (performance.now() - start) / 1000;
  options.onDownload?.({
    package: entry.package,
    version: entry.version,
    bytes: tarball.length,
    seconds,
  });
  return folder;
}

/** One JSON file of a package. */
export async function readArtJson(
  name: ArtPackageName,
  file: string,
  options: DownloadOptions = {},
): Promise<unknown> {
  return JSON.parse(await Deno.readTextFile(join(await openArtPackage(name, options), file)));
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function tarballUrl(entry: ArtPackage, options: DownloadOptions): string {
  const given = options.registry || Deno.env.get("npm_config_registry");
  const registry = (given || "https://registry.npmjs.org").replace(/\/+$/, "");
  const base = entry.package.split("/").at(-1);
  return `${registry}/${entry.package}/-/${base}-${entry.version}.tgz`;
}

async function download(
  entry: ArtPackage,
  options: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = tarballUrl(entry, options);
  let cause: string;
  try {
    const response = await fetch(url, options.signal ? { signal: options.signal } : {});
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    await response.body?.cancel();
    cause = `the registry answered ${response.status}`;
  } catch (error) {
    options.signal?.throwIfAborted();
    cause = error instanceof Error ? error.message : String(error);
  }
  throw new DiagnosticError([{
    code: "download-failed",
    severity: "error",
    message: `Cannot fetch "${entry.package}" ${entry.version}: ${cause}, from ${url}`,
    notes: [
      `Needed once for ${entry.purpose}, ${megabytes(entry.bytes)}`,
      "Go online, or set npm_config_registry to a mirror that can be reached",
    ],
  }]);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

async function checkIntegrity(
  entry: ArtPackage,
  tarball: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", tarball));
  const integrity = `sha512-${digest.toBase64()}`;
  if (integrity === entry.integrity) return;
  throw new DiagnosticError([{
    code: "download-damaged",
    severity: "error",
    message:
      `Cannot use "${entry.package}" ${entry.version}: its tarball is not the pinned one, got ${tarball.length} bytes with ${integrity}`,
    notes: [`Expected ${entry.bytes} bytes with ${entry.integrity}`],
  }]);
}

/** Unpacks beside the final name and renames, so that a folder that exists is complete. */
async function unpack(
  entry: ArtPackage,
  tarball: Uint8Array<ArrayBuffer>,
  folder: string,
): Promise<void> {
  const files = readTar(await gunzip(tarball));
  await Deno.mkdir(join(folder, ".."), { recursive: true });
  const part = await Deno.makeTempDir({ dir: join(folder, ".."), prefix: "part-" });
  try {
    for (const path of [...entry.files, ...licenceFiles(files)]) {
      const bytes = files.get(path);
      if (bytes === undefined) {
        throw new RangeError(`Cannot unpack "${entry.package}": it holds no file "${path}"`);
      }
      await Deno.mkdir(join(part, path, ".."), { recursive: true });
      await Deno.writeFile(join(part, path), bytes);
    }
    await Deno.rename(part, folder);
  } catch (error) {
    // The disk may be full, or another process may have unpacked the same package meanwhile.
    await Deno.remove(part, { recursive: true });
    if (!await exists(folder)) throw error;
  }
}

function licenceFiles(files: ReadonlyMap<string, Uint8Array>): string[] {
  return [...files.keys()].filter((path) => /^(licen[cs]e|info\.json)/i.test(path));
}
