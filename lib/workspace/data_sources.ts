/** Checks the user's data sets before anything runs, and digests their files. @module */
import { loadLater } from "./load_later.ts";
import { dirname, toFileUrl } from "@std/path";
import { type DataSpec, formatKeys, formatOfPath, parseDataSpec } from "../data/data_spec.ts";
import { hubDataIn, hubMistake, type HubSettings } from "../data/hub_data.ts";
import { type DataPart, filesOf, locateData, type LocatedData } from "../data/locate.ts";
import { DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import { suggestions } from "../diagnostic/suggest.ts";
import { canonicalJson, sha256 } from "../pipeline/contract/canonical.ts";
import type { DataFiles } from "../pipeline/contract/stage.ts";
import type { ContentDigests } from "../pipeline/contract/store.ts";
import type { HubModel } from "../hub/hub_name.ts";
import type { NameMistake } from "../pipeline/plan/plan.ts";

/** Where data sets are looked up. */
export interface DataPlaces {
  /** Folder of the pipeline file. */
  readonly base: string;
  /** Path of a set's module. */
  module(set: string): string | undefined;
  /** Names of all sets. */
  readonly sets: readonly string[];
  /** How a hub is asked. */
  readonly hub: HubSettings;
}

/** Whether the text that represents a data set is a map, as JSON, or a path. */
export const isDataText = (text: string): boolean =>
  text.startsWith("{") || text.startsWith("hf://") || /^\.{0,2}\//.test(text);

/** Whether a module reads the files of a publisher. */
export const isPublished = (module: string): boolean =>
  /^export default publishedSet\(/m.test(Deno.readTextFileSync(module));

/** The message about a published set without its files. */
export const needsFiles = (name: string): NameMistake => ({
  cause: "its publisher's files are needed, and no folder is given",
  notes: [`write { set: ${name}, folder: ./FOLDER }`],
});

/** The map that a text represents, or what is wrong with it. */
function specOf(text: string): DataSpec | string {
  if (!text.startsWith("{")) return parseDataSpec({ [formatOfPath(text)]: text });
  try {
    return parseDataSpec(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return "it is a text that begins like a map; write the map without quotes: { folder: ./images }";
  }
}

const basesOf = ({ base }: DataPlaces): readonly string[] => [base, Deno.cwd()];

/** What is wrong with data that the user names, if anything; no image is read. */
export function dataMistake(text: string, places: DataPlaces): NameMistake | undefined {
  const spec = specOf(text);
  if (typeof spec === "string") return { cause: spec, notes: [forms] };
  if (spec.set !== undefined) {
    const mistake = setMistake(spec, places);
    if (mistake !== undefined) return mistake;
  }
  const ofHub = hubMistake(spec);
  if (ofHub !== undefined) return { cause: ofHub, notes: [hubForms] };
  // What lies on a hub is fetched when it is opened.
  if (hubDataIn(spec).length > 0) return undefined;
  try {
    locateData(spec, basesOf(places));
    return undefined;
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    const { message, notes = [] } = error.diagnostics[0]!;
    return { cause: message.replace(/^Cannot read .*?: (?=there is|no file|it )/, ""), notes };
  }
}

/** The data sets of hubs that a text names. */
export function dataOnHubs(text: string): HubModel[] {
  const spec = specOf(text);
  return typeof spec === "string" ? [] : hubDataIn(spec).map(({ repository }) => repository);
}

/** The map with paths alone: what lies on a hub is fetched. */
async function fetchedSpec(text: string, { hub }: DataPlaces): Promise<DataSpec> {
  const spec = specOf(text) as DataSpec;
  if (hubDataIn(spec).length === 0) return spec;
  const { fetchHubData } = await loadLater<typeof import("../data/hub_data.ts")>(
    new URL("../data/hub_data.ts", import.meta.url),
  );
  return await fetchHubData(spec, hub);
}

/** Folders of the files that are read of data that the user names; none where something is wrong. */
export function dataFolders(text: string, places: DataPlaces): string[] {
  const spec = specOf(text);
  if (typeof spec === "string") return [];
  try {
    const { format, parts, images } = locateData(spec, basesOf(places));
    const paths = parts.flatMap((part) => part.paths);
    const folders = format === "folder" ? paths : paths.map((path) => dirname(path));
    return [...new Set([...folders, ...(images === undefined ? [] : [images])])];
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return [];
  }
}

const hubForms = "write hf://datasets/OWNER/NAME, or …/NAME@REVISION/FOLDER";

const forms = `a data set is a name, a path, or a map with one of ${
  formatKeys.join(", ")
}: docs/data.md`;

function setMistake({ set = "", folder }: DataSpec, places: DataPlaces): NameMistake | undefined {
  const module = places.module(set);
  if (module === undefined || !isPublished(module)) {
    return {
      cause: `there is no published set "${set}"`,
      notes: suggestions(set, places.sets),
    };
  }
  return typeof folder === "string" ? undefined : needsFiles(set);
}

/** Data as a stage gets it, without a digest. @throws {DiagnosticError} If something is wrong with it. */
export async function findData(text: string, places: DataPlaces): Promise<FoundData> {
  const mistake = dataMistake(text, places);
  if (mistake !== undefined) {
    const message = `Cannot use data ${text}: ${mistake.cause}`;
    const notes = mistake.notes ?? [];
    throw diagnosticError("unknown-dataset", message, notes);
  }
  const spec = await fetchedSpec(text, places);
  const files = absolute(spec, locateData(spec, basesOf(places))) as DataSpec;
  const module = spec.set === undefined ? undefined : places.module(spec.set)!;
  return { spec: files, ...(module === undefined ? {} : { module }) };
}

/** Settings with absolute paths, and the path of the module of a published set. */
export interface FoundData {
  readonly spec: DataSpec;
  readonly module?: string;
}

/** Opens data: the paths become absolute, the digest is that of all that is read. */
export async function openData(
  text: string,
  places: DataPlaces,
  digests: ContentDigests,
): Promise<DataFiles> {
  const spec = await fetchedSpec(text, places);
  const located = locateData(spec, basesOf(places));
  const files = absolute(spec, located);
  const module = spec.set === undefined ? undefined : toFileUrl(places.module(spec.set)!);
  const contents: unknown[] = [];
  for (const { split, path, columns } of located.parts.flatMap(filesOf)) {
    // A hub's cache holds links to contents.
    const content = await digests.content(Deno.realPathSync(path));
    contents.push([split ?? "", content, ...(columns === undefined ? [] : [columns])]);
  }
  for (const path of await namedImages(located, spec)) contents.push(await digests.content(path));
  const digest = sha256(canonicalJson({
    format: located.format,
    settings: settingsOf(spec),
    contents,
    ...(module === undefined ? {} : { code: await digests.code(module) }),
  }));
  const name = spec.name ?? spec.set ?? text;
  return { name, digest, files, ...(module === undefined ? {} : { module: module.href }) };
}

/** The map as the stage gets it: with the files that were found. */
function absolute(
  spec: DataSpec,
  { format, parts, images }: LocatedData,
): Record<string, unknown> {
  const isBySplit = parts.some(({ split }) => split !== undefined);
  const ofPart = ({ paths }: DataPart) => format === "folder" ? paths[0] : paths;
  const places = isBySplit
    ? Object.fromEntries(parts.map((part) => [part.split!, ofPart(part)]))
    : ofPart({ paths: parts.flatMap(({ paths }) => paths) });
  return { ...spec, [format]: places, ...(images === undefined ? {} : { images }) };
}

/** Settings without paths: the same files elsewhere are the same data set. */
function settingsOf(spec: DataSpec): Record<string, unknown> {
  const { images: _, ...settings } = spec;
  return Object.fromEntries(
    Object.entries(settings).filter(([key]) => !(formatKeys as readonly string[]).includes(key)),
  );
}

/** Images that a list names: they are content as well. */
async function namedImages(located: LocatedData, spec: DataSpec): Promise<readonly string[]> {
  if (located.format === "folder" || located.format === "webdataset") return [];
  const { listData } = await loadLater<typeof import("../data/list_data.ts")>(
    new URL("../data/list_data.ts", import.meta.url),
  );
  return (await listData(located, spec)).files?.() ?? [];
}
