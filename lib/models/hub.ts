/** Models of the Hugging Face hub: downloaded once, then kept. @module */
import { join } from "@std/path";
import { decodeModel, OnnxDecodeError } from "../onnx/codec/decode.ts";
import type { Model } from "../onnx/ir/model.ts";
import { weightFilesOf } from "../runtime/weight_files.ts";
import type { WeightType } from "./directory.ts";
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

/** Where models come from and where they are kept. */
export interface HubOptions extends HubAccess {
  /** Folder of downloaded models. */
  readonly cache: string;
  /** Which ONNX files to fetch; default, for each part, those without a suffix or the next that exist. */
  readonly weights?: WeightType;
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
 * them, digests are checked. A commit that is complete in the cache is used without asking the hub.
 *
 * @throws {DiagnosticError} If the model, the revision or the network is not there, or the hub's
 * answers are not what they should be.
 */
export async function fetchHubModel(model: HubModel, options: HubOptions): Promise<HubDirectory> {
  const kept = completeCommit(model, options);
  if (kept !== undefined) return kept;
  const listing = parseListing(await requestListing(model, options));
  if (typeof listing === "string") throw hubFailure(model, `the hub is not understood: ${listing}`);
  const path = commitPath(model, listing.commit, options);
  const fetcher = new Fetcher(model, listing, path, options);
  const graphs = graphFiles(listing, options.weights);
  await fetcher.fetch([...textFiles(listing), ...graphs]);
  for (const graph of graphs) await fetcher.fetch(await weightsOf(model, { graph, listing, path }));
  await Deno.writeTextFile(join(path, markOf(options)), "");
  return { path, commit: listing.commit };
}

/** Marks a commit of which every file for a type of weights is there. */
const markOf = ({ weights }: HubOptions) => `.complete-${weights ?? "default"}`;

function commitPath({ owner, name }: HubModel, commit: string, { cache }: HubOptions): string {
  return join(cache, `${owner}--${name}`, commit);
}

function completeCommit(model: HubModel, options: HubOptions): HubDirectory | undefined {
  if (!/^[0-9a-f]{40}$/.test(model.revision)) return undefined;
  const path = commitPath(model, model.revision, options);
  return sizeOfFile(join(path, markOf(options))) === undefined
    ? undefined
    : { path, commit: model.revision };
}

/** Downloads files of one commit, each once, and tells how far it is. */
class Fetcher {
  readonly #model: HubModel;
  readonly #commit: string;
  readonly #path: string;
  readonly #options: HubOptions;
  readonly #known = new Set<string>();
  #total = 0;
  #done = 0;

  constructor(model: HubModel, { commit }: HubListing, path: string, options: HubOptions) {
    [this.#model, this.#commit, this.#path, this.#options] = [model, commit, path, options];
  }

  async fetch(files: readonly HubFile[]): Promise<void> {
    const wanted = files.filter(({ name }) => !this.#known.has(name));
    for (const { name, size } of wanted) {
      this.#known.add(name);
      this.#total += size ?? 0;
    }
    for (const file of wanted) await this.#download(file);
  }

  async #download(file: HubFile): Promise<void> {
    const target = join(this.#path, ...file.name.split("/"));
    const onBytes = (count: number) =>
      this.#options.onProgress?.(this.#done + count, this.#total, file.name);
    await downloadFile(
      this.#model,
      { commit: this.#commit, file, target, onBytes },
      this.#options,
    );
    this.#done += sizeOfFile(target) ?? 0;
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
      `"${graph.name}" keeps the weights of "${tensor}" in "${name}", which the hub does not list`,
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
