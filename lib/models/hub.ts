/** Models of the Hugging Face hub: downloaded once, then kept. @module */
import { join } from "@std/path";
import { decodeModel, OnnxDecodeError } from "../onnx/codec/decode.ts";
import type { Model } from "../onnx/ir/model.ts";
import { weightFilesOf } from "../runtime/weight_files.ts";
import { CachedModel } from "../hub/hub_cache.ts";
import { Fetcher, type FetchOptions, listingOf } from "../hub/hub_fetcher.ts";
import type { HubFile, HubListing } from "../hub/hub_listing.ts";
import { graphFiles, textFiles } from "./hub_files.ts";
import type { HubModel } from "../hub/hub_name.ts";
import { hubFailure } from "../hub/hub_request.ts";
import type { WeightChoice } from "./weight_types.ts";

/** Where models come from, where they are kept, and which of their files are wanted. */
export interface HubOptions extends FetchOptions {
  /** Which ONNX files to fetch; default, for each part, those without a suffix or the next that exist. */
  readonly weights?: WeightChoice;
}

/** A downloaded model. */
export interface HubDirectory {
  readonly path: string;
  /** The commit that the revision named. */
  readonly commit: string;
}

/**
 * Downloads the files of a model that are needed to run it: configurations, tokenizer, chat
 * templates, one graph for each part, and the files with weights that these graphs refer to,
 * under any name. A file that was cut off is continued; sizes and, where the hub has
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
  const files = [...textFiles(listing), ...graphs];
  if (files.length === 0) {
    throw hubFailure(model, "the hub lists neither ONNX graphs nor JSON files of a model");
  }
  await fetcher.fetch(files);
  for (const graph of graphs) await fetcher.fetch(await weightsOf(model, { graph, listing, path }));
  return { path, commit };
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
