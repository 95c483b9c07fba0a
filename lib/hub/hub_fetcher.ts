/** Fetches files of a hub's repository, of a model or of a data set: each once, then they are kept. @module */
import type { DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { CachedModel } from "./hub_cache.ts";
import { type HubFile, type HubListing, parseListing } from "./hub_listing.ts";
import type { HubModel } from "./hub_name.ts";
import {
  downloadFile,
  type HubAccess,
  hubFailure,
  requestListing,
  sizeOfFile,
} from "./hub_request.ts";

/** Where repositories come from and where they are kept. */
export interface FetchOptions extends HubAccess {
  /** The cache that all programs share; see {@linkcode CachedModel}. */
  readonly cache: string;
  /** Asks no hub: what is not in the cache is missing. */
  readonly offline?: boolean;
  /** Told how many of the bytes that are known to be needed are there. */
  readonly onProgress?: (done: number, total: number, file: string) => void;
}

/**
 * The listing of a commit: from the cache, if it is named or no hub may be asked.
 *
 * @throws {DiagnosticError} If the cache lacks it and no hub may be asked, or the hub's answer is of no use.
 */
export async function listingOf(
  model: HubModel,
  cached: CachedModel,
  options: FetchOptions,
): Promise<HubListing> {
  const { revision } = model;
  const commit = await cached.commitOf(revision);
  if (commit !== undefined && (options.offline || commit === revision)) {
    const kept = parseListing(await cached.listing(commit) ?? "");
    if (typeof kept !== "string") return kept;
    const files = await cached.filesOf(commit);
    if (options.offline && files.size > 0) return { commit, files };
  }
  if (options.offline) {
    throw offlineFailure(model, `it is not in the cache "${options.cache}"`);
  }
  const text = await requestListing(model, options);
  const listing = parseListing(text);
  if (typeof listing === "string") {
    throw hubFailure(model, `the answer of the hub cannot be read: ${listing}`);
  }
  await cached.keepListing(revision, listing.commit, text);
  return listing;
}

function offlineFailure(model: HubModel, cause: string): DiagnosticError {
  return hubFailure(model, `${cause}, and HF_HUB_OFFLINE is set, so no hub is asked`, [
    "Unset HF_HUB_OFFLINE, or fetch it with it unset and copy the cache",
  ]);
}

/** Downloads files of one commit, each once, and reports its progress. */
export class Fetcher {
  readonly #model: HubModel;
  readonly #commit: string;
  readonly #cached: CachedModel;
  readonly #options: FetchOptions;
  readonly #known = new Set<string>();
  #total = 0;
  #done = 0;

  constructor(model: HubModel, commit: string, cached: CachedModel, options: FetchOptions) {
    [this.#model, this.#commit, this.#cached, this.#options] = [model, commit, cached, options];
  }

  async fetch(files: readonly HubFile[]): Promise<void> {
    const wanted = files.filter((file) => !this.#known.has(file.name) && !this.#isThere(file));
    for (const { name, size } of wanted) {
      this.#known.add(name);
      this.#total += size ?? 0;
    }
    for (const file of wanted) await this.#download(file);
  }

  #isThere(file: HubFile): boolean {
    return sizeOfFile(this.#cached.path(this.#commit, file)) !== undefined;
  }

  async #download(file: HubFile): Promise<void> {
    if (this.#options.offline) {
      throw offlineFailure(this.#model, `its file "${file.name}" is not in the cache`);
    }
    const target = this.#cached.contentPath(this.#commit, file);
    const onBytes = (count: number) =>
      this.#options.onProgress?.(this.#done + count, this.#total, file.name);
    using _lock = await this.#cached.lock(this.#commit, file);
    await downloadFile(
      this.#model,
      { commit: this.#commit, file, target, onBytes },
      this.#options,
    );
    this.#done += sizeOfFile(target) ?? 0;
    await this.#cached.place(this.#commit, file);
  }
}
