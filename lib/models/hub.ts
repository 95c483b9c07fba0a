/** Models of the Hugging Face hub: downloaded once, then kept. @module */
import { join } from "@std/path";
import type { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { decodeModel, OnnxDecodeError } from "../onnx/codec/decode.ts";
import type { Model } from "../onnx/ir/model.ts";
import { weightFilesOf } from "../runtime/weight_files.ts";
import { CachedModel } from "./hub_cache.ts";
import {
  graphFiles,
  type HubFile,
  type HubListing,
  parseListing,
  textFiles,
} from "./hub_listing.ts";
import type { HubModel } from "./hub_name.ts";
import {
  downloadFile,
  type HubAccess,
  hubFailure,
  requestListing,
  sizeOfFile,
} from "./hub_request.ts";
import type { WeightChoice } from "./weight_types.ts";

/** Where models come from and where they are kept. */
export interface HubOptions extends HubAccess {
  /** The cache that all programs share; see {@linkcode CachedModel}. */
  readonly cache: string;
  /** Asks no hub: what is not in the cache is missing. */
  readonly offline?: boolean;
  /** Which ONNX files to fetch; default, for each part, those without a suffix or the next that exist. */
  readonly weights?: WeightChoice;
  /** Told how many of the bytes that are known to be needed are there. */
  readonly onProgress?: (done: number, total: number, file: string) => void;
}

/** A downloaded model. */
export interface HubDirectory {
  readonly path: string;
  /** The commit that the revision stood for. */
  readonly commit: string;
}

/**
 * Downloads the files of a model that are needed to run it: configurations, tokenizer, chat
 * templates, one graph for each part, and the files with weights that these graphs refer to,
 * whatever they are called. A file that was cut off is continued; sizes and, where the hub tells
 * them, digests are checked. A commit that the hub was asked about before needs no hub any more, if
 * its files are in the cache.
 *
 * @throws {DiagnosticError} If the model, the revision or the network is not there, or the hub's
 * answers are not what they should be.
 */
export async function fetchHubModel(model: HubModel, options: HubOptions): Promise<HubDirectory> {
  const cached = new CachedModel(options.cache, model);
  const listing = await listingOf(model, cached, options);
  const { commit } = listing;
  const path = cached.snapshot(commit);
  const fetcher = new Fetcher(model, commit, cached, options);
  const graphs = graphFiles(listing, options.weights);
  await fetcher.fetch([...textFiles(listing), ...graphs]);
  for (const graph of graphs) await fetcher.fetch(await weightsOf(model, { graph, listing, path }));
  return { path, commit };
}

/** What is known of a commit: from the cache, where it is named or no hub is to be asked. */
async function listingOf(
  model: HubModel,
  cached: CachedModel,
  options: HubOptions,
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
    "Unset HF_HUB_OFFLINE, or fetch the model with it unset and copy the cache",
  ]);
}

/** Downloads files of one commit, each once, and tells how far it is. */
class Fetcher {
  readonly #model: HubModel;
  readonly #commit: string;
  readonly #cached: CachedModel;
  readonly #options: HubOptions;
  readonly #known = new Set<string>();
  #total = 0;
  #done = 0;

  constructor(model: HubModel, commit: string, cached: CachedModel, options: HubOptions) {
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

/** The files of weights that a downloaded graph refers to, from its own folder. */
async function weightsOf(
  model: HubModel,
  { graph, listing, path }: {
    readonly graph: HubFile;
    readonly listing: HubListing;
    readonly path: string;
  },
): Promise<readonly HubFile[]> {
  const decoded = decode(model, graph, await Deno.readFile(join(path, ...graph.name.split("/"))));
  return [...weightFilesOf(decoded).values()].map(({ location, tensor }) => {
    const parts = location.split(/[/\\]/).filter((part) => part !== "" && part !== ".");
    const name = [...graph.name.split("/").slice(0, -1), ...parts].join("/");
    const file = listing.files.get(name);
    if (file !== undefined) return file;
    throw hubFailure(
      model,
      `"${graph.name}" keeps the weights of "${tensor}" in "${name}", but the hub does not list that file`,
    );
  });
}

function decode(model: HubModel, graph: HubFile, bytes: Uint8Array): Model {
  try {
    return decodeModel(bytes);
  } catch (error) {
    if (!(error instanceof OnnxDecodeError)) throw error;
    throw hubFailure(model, `cannot use file "${graph.name}": ${error.message}`);
  }
}
