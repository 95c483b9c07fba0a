/** Finds models, data sets, files and the user's own code by their names. @module */
import { toFileUrl } from "@std/path";
import type { Dataset } from "../data/dataset.ts";
import { suggestions } from "../diagnostic/suggest.ts";
import type { HubModel } from "../hub/hub_name.ts";
import { codeWords, sourceKey } from "../pipeline/contract/slot.ts";
import type { Artifact, ArtifactType, ParameterKind } from "../pipeline/contract/stage.ts";
import type { ContentDigests } from "../pipeline/contract/store.ts";
import type { NameMistake } from "../pipeline/plan/plan.ts";
import type { Source, SourceResolver } from "../pipeline/plan/resolve.ts";
import {
  dataFolders,
  dataMistake,
  dataOnHubs,
  type DataPlaces,
  isDataText,
  isPublished,
  needsFiles,
  openData,
} from "./data_sources.ts";
import { loadLater } from "./load_later.ts";
import { hubSettings, modelMistake, modelPlace, openModelSource } from "./model_sources.ts";
import {
  isModule,
  isOwnName,
  moduleNames,
  ownFile,
  ownModule,
  ownNames,
  ownWay,
} from "./own_modules.ts";
import { exists, statOf } from "./path_facts.ts";
import { filePath, type SourceFolders } from "./source_folders.ts";

/** Checks a name before anything runs. */
export async function checkName(
  folders: SourceFolders,
  kind: ParameterKind,
  name: string,
): Promise<NameMistake | undefined> {
  if (kind.kind === "artifact") return checkArtifact(folders, kind.type, name);
  if (kind.kind === "code") return checkCode(folders, kind, name);
  return await checks[kind.kind](folders, name);
}

const checks = {
  model: modelMistake,
  dataset(folders: SourceFolders, name: string): NameMistake | undefined {
    if (isDataText(name)) return dataMistake(name, dataPlaces(folders));
    const path = datasetPath(folders, name);
    if (path !== undefined) return isPublished(path) ? needsFiles(name) : undefined;
    const notes = [
      ...suggestions(name, datasets(folders)),
      ...ownWay(folders, "datasetFolder", name),
    ];
    return { cause: "there is no such data set", notes };
  },
  file(folders: SourceFolders, name: string): NameMistake | undefined {
    const path = filePath(folders, name);
    return exists(path) ? undefined : { cause: `there is no file ${path}` };
  },
};

/** Side of a data set's images: of one of the project's own, or of one that lies in a folder. */
export async function imageSide(
  folders: SourceFolders,
  kind: ParameterKind,
  name: string,
): Promise<number | undefined> {
  if (kind.kind === "artifact") {
    const { readJson } = await loadLater<typeof import("../artifacts/json.ts")>(
      new URL("../artifacts/json.ts", import.meta.url),
    );
    const card = await readJson(`${filePath(folders, name)}/dataset.json`).catch(() => undefined);
    return (card as { height?: number } | undefined)?.height;
  }
  const isName = kind.kind === "dataset" && !isDataText(name);
  const path = isName ? datasetPath(folders, name) : undefined;
  // Nobody's code runs for a look.
  if (path === undefined || !path.startsWith(`${folders.root}datasets/`)) return undefined;
  const { default: dataset } = await import(toFileUrl(path).href) as { default: Dataset };
  return dataset.side;
}

/** Which folder holds code of a category. */
const codeFolders = { loss: "lossFolder", "prompt-kind": "promptFolder" } as const;

/** The user's own code that a parameter names. */
type CodeKind = ParameterKind & { readonly kind: "code" };

function checkCode(folders: SourceFolders, kind: CodeKind, name: string): NameMistake | undefined {
  const field = codeFolders[kind.of];
  if (ownModule(folders, field, name) !== undefined) return undefined;
  const known = [...kind.builtIn, ...ownNames(folders, field)];
  return {
    cause: `there is no such ${codeWords[kind.of].replace(/^a /, "")}`,
    notes: [...suggestions(name, known), ...ownWay(folders, field, name)],
  };
}

/** What an artifact of a type is on disk; of a folder, what it holds in any case. */
const folderArtifacts: Partial<Record<ArtifactType, string | undefined>> = {
  dataset: "dataset.json",
  model: "config.json",
  directory: undefined,
};

/** The path of an artifact that lies in the project. */
function checkArtifact(
  folders: SourceFolders,
  type: ArtifactType,
  name: string,
): NameMistake | undefined {
  const path = filePath(folders, name);
  const found = statOf(path);
  if (!Object.hasOwn(folderArtifacts, type)) {
    if (found === undefined) return { cause: `there is no file ${path}` };
    return found.isFile ? undefined : { cause: `${path} is not a file` };
  }
  if (found === undefined) return { cause: `there is no folder ${path}` };
  if (!found.isDirectory) return { cause: `${path} is not a folder` };
  const inside = folderArtifacts[type];
  if (inside === undefined || exists(`${path}/${inside}`)) return undefined;
  return { cause: `there is no ${inside} in ${path}` };
}

/** What a name represents on disk. */
export interface NamedPaths {
  /** Empty if nothing is there. */
  readonly paths: readonly string[];
  /** Models and data sets that lie on a hub, or in the cache of those that did. */
  readonly hubs?: readonly HubModel[];
}

/** The files and folders that a name represents. */
export function namedPaths(folders: SourceFolders, kind: ParameterKind, name: string): NamedPaths {
  if (kind.kind === "model") {
    const { path, hub } = modelPlace(folders, name);
    return hub === undefined ? pathsOf(path) : { paths: [], hubs: [hub] };
  }
  if (kind.kind === "dataset" && isDataText(name)) {
    const hubs = dataOnHubs(name);
    return hubs.length > 0 ? { paths: [], hubs } : {
      paths: dataFolders(name, dataPlaces(folders)),
    };
  }
  if (kind.kind === "dataset") return pathsOf(datasetPath(folders, name));
  if (kind.kind === "code") return pathsOf(ownModule(folders, codeFolders[kind.of], name));
  return pathsOf(filePath(folders, name));
}

const pathsOf = (path: string | undefined): NamedPaths => ({
  paths: path === undefined ? [] : [path],
});

/** The project's data sets, as {@linkcode findData} wants them. */
export function dataPlaces(folders: SourceFolders): DataPlaces {
  return {
    base: folders.base,
    module: (set) => datasetPath(folders, set),
    get sets() {
      return datasets(folders);
    },
    hub: (name) => hubSettings(folders, name),
  };
}

/** Path of a data set's module; the user's own come first. */
function datasetPath(folders: SourceFolders, name: string): string | undefined {
  const ours = `${folders.root}datasets/${ownFile(name)}`;
  return ownModule(folders, "datasetFolder", name) ??
    (isOwnName(name) && isModule(ours) ? ours : undefined);
}

/** Opens names, each once, with digests of their contents. */
export function sourceResolver(folders: SourceFolders, digests: ContentDigests): SourceResolver {
  const opened = new Map<string, Promise<Source>>();
  const modelNames = new Map<string, string>();
  const open = async (kind: ParameterKind, name: string): Promise<Source> => {
    if (kind.kind === "artifact") {
      return await openPath(folders, name, { digests, type: kind.type });
    }
    if (kind.kind === "code") {
      return await openModule(name, ownModule(folders, codeFolders[kind.of], name)!, digests);
    }
    const source = await openers[kind.kind](folders, name, digests);
    if (kind.kind === "model") modelNames.set(source.digest, name);
    return source;
  };
  return {
    open(kind, name) {
      const key = sourceKey(kind, name);
      if (!opened.has(key)) opened.set(key, open(kind, name));
      return opened.get(key)!;
    },
    nameModel: (artifact: Artifact, reference: string) =>
      modelNames.get(artifact.digest) ?? reference,
  };
}

const openers = {
  model: openModelSource,
  async dataset(folders: SourceFolders, name: string, digests: ContentDigests): Promise<Source> {
    if (isDataText(name)) return await openData(name, dataPlaces(folders), digests);
    return await openModule(name, datasetPath(folders, name)!, digests);
  },
  async file(folders: SourceFolders, name: string, digests: ContentDigests): Promise<Source> {
    return await openPath(folders, name, { digests, type: "file" });
  },
};

/** Code by name: what counts is its module with all that it imports. */
async function openModule(name: string, path: string, digests: ContentDigests): Promise<Source> {
  const module = toFileUrl(path);
  return { name, module: module.href, digest: await digests.code(module) };
}

/** A file or folder of the project, as if a stage had written it. */
async function openPath(
  folders: SourceFolders,
  name: string,
  { digests, type }: { readonly digests: ContentDigests; readonly type: ArtifactType },
): Promise<Artifact> {
  const path = filePath(folders, name);
  return { type, path, digest: await digests.content(path) };
}

function datasets(folders: SourceFolders): string[] {
  return [...moduleNames(`${folders.root}datasets`), ...ownNames(folders, "datasetFolder")].sort();
}
