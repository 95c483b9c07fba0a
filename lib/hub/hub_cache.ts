/**
 * The cache that all programs of a user share: its layout is that of `huggingface_hub`, so that what
 * one of them downloaded no other one downloads again.
 *
 * ```
 * models--OWNER--NAME/refs/main            the commit that a branch or tag named
 * models--OWNER--NAME/blobs/DIGEST         contents, by their digest
 * models--OWNER--NAME/snapshots/COMMIT/…   links to them, by their names in the repository
 * models--OWNER--NAME/lists/COMMIT.json    ours: what the hub says of a commit
 * ```
 *
 * @module
 */
import { dirname, join, relative } from "@std/path";
import { segmentMistake } from "../trust/names.ts";
import type { HubFile } from "./hub_listing.ts";
import type { HubModel } from "./hub_name.ts";

/** Reads an environment variable. */
type Environment = (name: string) => string | undefined;

/** Where the cache is: `HF_HUB_CACHE`, else `hub` in `HF_HOME`, else in the user's own cache. */
export function hubCacheFolder(env: Environment): string {
  const own = env("XDG_CACHE_HOME") || join(env("HOME") ?? env("USERPROFILE") ?? ".", ".cache");
  const home = env("HF_HOME") || join(own, "huggingface");
  return env("HF_HUB_CACHE") || env("HUGGINGFACE_HUB_CACHE") || join(home, "hub");
}

/** Whether `HF_HUB_OFFLINE` says that no hub may be asked. */
export function isOffline(env: Environment): boolean {
  return /^(1|on|yes|true)$/i.test(env("HF_HUB_OFFLINE") ?? env("TRANSFORMERS_OFFLINE") ?? "");
}

const commitForm = /^[0-9a-f]{40}$/;

/** A model's part of the cache, or that of a data set, which is called `datasets--OWNER--NAME`. */
export class CachedModel {
  readonly folder: string;

  constructor(cache: string, { kind = "models", owner, name }: HubModel) {
    this.folder = join(cache, `${kind}--${owner}--${name}`);
  }

  /** Folder of a commit's files. */
  snapshot(commit: string): string {
    return join(this.folder, "snapshots", commit);
  }

  /** Path of a file of a commit. */
  path(commit: string, { name }: Pick<HubFile, "name">): string {
    return join(this.snapshot(commit), ...name.split("/"));
  }

  /** The commit that a revision is, or was when the hub was last asked; undefined where it never was. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (commitForm.test(revision)) return revision;
    const commit = (await readText(this.#refPath(revision)))?.trim();
    return commit !== undefined && commitForm.test(commit) ? commit : undefined;
  }

  /** Keeps what the hub said about a revision. */
  async keepListing(revision: string, commit: string, listing: string): Promise<void> {
    await writeText(this.#listPath(commit), listing);
    if (!commitForm.test(revision)) await writeText(this.#refPath(revision), commit);
  }

  /** What the hub said about a commit, if it was asked. */
  async listing(commit: string): Promise<string | undefined> {
    return await readText(this.#listPath(commit));
  }

  /** The files of a commit that are here, no matter who fetched them. */
  async filesOf(commit: string): Promise<ReadonlyMap<string, HubFile>> {
    const files = new Map<string, HubFile>();
    for await (const name of namesIn(this.snapshot(commit))) files.set(name, { name });
    return files;
  }

  /**
   * Where the content of a file is written: its blob, or its place in the snapshot where the hub told
   * no digest to name a blob by.
   */
  contentPath(commit: string, file: HubFile): string {
    const digest = file.sha256 ?? file.gitDigest;
    return digest === undefined ? this.path(commit, file) : join(this.folder, "blobs", digest);
  }

  /** Puts a file that is complete into the snapshot of a commit. */
  async place(commit: string, file: HubFile): Promise<void> {
    const [content, path] = [this.contentPath(commit, file), this.path(commit, file)];
    if (content === path) return;
    await Deno.mkdir(dirname(path), { recursive: true });
    try {
      await Deno.symlink(relative(dirname(path), content), path, { type: "file" });
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return;
      // Where links need a privilege, the library moves files as well.
      await Deno.rename(content, path);
    }
  }

  /** Holds off other programs that fetch the same content. */
  async lock(commit: string, file: HubFile): Promise<Deno.FsFile> {
    const digest = file.sha256 ?? file.gitDigest ?? `${commit}-${file.name.replaceAll("/", "--")}`;
    const path = join(dirname(this.folder), ".locks", basenameOf(this.folder), `${digest}.lock`);
    await Deno.mkdir(dirname(path), { recursive: true });
    const held = await Deno.open(path, { write: true, create: true });
    await held.lock(true);
    return held;
  }

  #refPath(revision: string): string {
    return join(this.folder, "refs", ...revision.split("/"));
  }

  #listPath(commit: string): string {
    return join(this.folder, "lists", `${commit}.json`);
  }
}

const basenameOf = (path: string): string => relative(dirname(path), path);

/** Paths of the files below a folder, parts joined by `/`; links count as what they lead to. */
async function* namesIn(folder: string, before = ""): AsyncGenerator<string> {
  for (const { name } of await entriesOf(folder)) {
    if (segmentMistake(name) !== undefined) continue;
    const stat = await Deno.stat(join(folder, name)).catch(() => undefined);
    if (stat?.isDirectory) yield* namesIn(join(folder, name), `${before}${name}/`);
    else if (stat?.isFile && !name.endsWith(".incomplete")) yield before + name;
  }
}

async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).sort((a, b) => a.name < b.name ? -1 : 1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return undefined;
  }
}

/** Appears under its name when it is complete. */
async function writeText(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  await Deno.writeTextFile(temporary, text);
  await Deno.rename(temporary, path);
}
