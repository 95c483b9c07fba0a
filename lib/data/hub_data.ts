/** Data sets of the Hugging Face hub: their Parquet files are fetched once, then kept. @module */
import type { FetchOptions } from "../hub/hub_fetcher.ts";
import type { HubFile, HubListing } from "../hub/hub_listing.ts";
import { type HubData, hubName, parseHubData } from "../hub/hub_name.ts";
import { type DataSpec, formatKeys } from "./data_spec.ts";
import { starsAsRegExp } from "./locate.ts";
import { splitOfName } from "./image_names.ts";

const isHub = (place: string) => place.startsWith("hf://");

/** All places that a map names, of any format. */
function placesIn(spec: DataSpec): string[] {
  return formatKeys.flatMap((key) => {
    const places = spec[key] ?? [];
    return typeof places === "string" || Array.isArray(places)
      ? places
      : Object.values(places).flat();
  }).filter((place) => place !== undefined);
}

/** Files of hubs that a map names. */
export function hubDataIn(spec: DataSpec): HubData[] {
  return placesIn(spec).filter(isHub).flatMap((place) => parseHubData(place) ?? []);
}

/** What is wrong with a map's names of hubs, if something is; no hub is asked. */
export function hubMistake(spec: DataSpec): string | undefined {
  const named = placesIn(spec).filter(isHub);
  const wrong = named.find((place) => parseHubData(place) === undefined);
  if (wrong !== undefined) return `${JSON.stringify(wrong)} is not the name of a data set on a hub`;
  return named.length > 0 && spec.parquet === undefined
    ? "of a hub's data sets, only Parquet files are read: write { parquet: hf://… }"
    : undefined;
}

/** How hubs are asked, by what is fetched. */
export type HubSettings = (name: string) => Promise<FetchOptions>;

/**
 * Fetches what a map names of hubs.
 *
 * @returns The map with paths in the cache instead.
 * @throws {DiagnosticError} If it cannot be had.
 */
export async function fetchHubData(spec: DataSpec, settings: HubSettings): Promise<DataSpec> {
  const { parquet } = spec;
  const [first] = hubDataIn(spec);
  if (parquet === undefined || first === undefined) return spec;
  const named = { name: first.repository.name, ...spec };
  const fetched = async (places: string | readonly string[]) =>
    (await Promise.all([places].flat().map((place) => pathsOf(place, settings)))).flat();
  if (typeof parquet === "string" || Array.isArray(parquet)) {
    return { ...named, parquet: await fetched(parquet) };
  }
  const { train, validation, test } = parquet;
  const splits = {
    train: await fetched(train),
    ...(validation === undefined ? {} : { validation: await fetched(validation) }),
    ...(test === undefined ? {} : { test: await fetched(test) }),
  };
  return { ...named, parquet: splits };
}

async function pathsOf(place: string, settings: HubSettings): Promise<string[]> {
  if (!isHub(place)) return [place];
  const { repository, path } = parseHubData(place)!;
  const { CachedModel } = await import("../hub/hub_cache.ts");
  const { Fetcher, listingOf } = await import("../hub/hub_fetcher.ts");
  const options = await settings(hubName(repository));
  const cached = new CachedModel(options.cache, repository);
  const listing = await listingOf(repository, cached, options);
  const files = await parquetFiles(listing, { repository, path });
  await new Fetcher(repository, listing.commit, cached, options).fetch(files);
  return files.map((file) => cached.path(listing.commit, file));
}

/** The Parquet files that are meant. @throws {DiagnosticError} If there are none, or of several data sets. */
async function parquetFiles(
  { files }: HubListing,
  { repository, path }: HubData,
): Promise<readonly HubFile[]> {
  const { hubFailure } = await import("../hub/hub_request.ts");
  const all = [...files.values()].filter(({ name }) => /\.parquet$/i.test(name));
  const inside = new RegExp(`^${starsAsRegExp(path.replace(/\/$/, ""))}(?:/|$)`);
  const found = all.filter(({ name }) => path === "" || inside.test(name))
    .sort((a, b) => a.name < b.name ? -1 : 1);
  if (found.length === 0) {
    throw hubFailure(
      repository,
      path === ""
        ? "it has no Parquet files"
        : `it has no Parquet files in ${JSON.stringify(path)}`,
      all.length > 0
        ? [`it has ${foldersOf(all).join(", ")}`]
        : ["the hub's own are on another branch: hf://datasets/OWNER/NAME@~parquet"],
    );
  }
  const folders = foldersOf(found);
  if (folders.length <= 1 || path.includes("*")) return found;
  throw hubFailure(repository, `it has several parts: ${folders.join(", ")}`, [
    `name one: hf://datasets/${repository.owner}/${repository.name}/${folders[0]}`,
  ]);
}

/** Folders of files, without those of splits: each holds a data set of its own. */
function foldersOf(files: readonly HubFile[]): string[] {
  const folders = files.map(({ name }) => {
    const parts = name.split("/").slice(0, -1);
    while (parts.length > 0 && splitOfName(parts.at(-1)!) !== undefined) parts.pop();
    return parts.join("/");
  });
  return [...new Set(folders)].sort();
}
