/** Finds models, data sets and files by their names. @module */
import { loadLater } from "./load_later.ts";
import { toFileUrl } from "@std/path";
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
import { secretValues } from "./secret_values.ts";
import type { Dataset } from "../data/dataset.ts";
import { readRegularText } from "../cache/disk/regular_file.ts";
import { type Diagnostic, DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import { suggestions } from "../diagnostic/suggest.ts";
import { knownModelTypes } from "../models/families/family_table.ts";
import type { FetchOptions } from "../hub/hub_fetcher.ts";
import { type HubModel, parseHubName } from "../hub/hub_name.ts";
import { type ModelChoice, parseModelChoice, shownModel } from "../models/model_choice.ts";
import type { NameMistake } from "../pipeline/plan/plan.ts";
import type { Source, SourceResolver } from "../pipeline/plan/resolve.ts";
import { shownPath } from "../pipeline/contract/shown_path.ts";
import { codeWords, sourceKey } from "../pipeline/contract/slot.ts";
import type {
  Artifact,
  ArtifactType,
  ModelSource,
  ParameterKind,
} from "../pipeline/contract/stage.ts";
import { canonicalJson, sha256 } from "../pipeline/contract/canonical.ts";
import { missingWeights, partOf, usualParts, type WeightChoice } from "../models/weight_types.ts";
import { modelNameMistake } from "../trust/names.ts";
import { isConfidential, shownUrl } from "../trust/urls.ts";
import type { ContentDigests } from "../pipeline/contract/store.ts";

/** Where names are looked up. */
export interface SourceFolders {
  /** Root of the project, with `zoo/` and `datasets/`; ends in a slash. */
  readonly root: string;
  /** Folder of the pipeline file, without a slash at its end. */
  readonly base: string;
  /** Folders of the user's own code, as the pipeline file names them. */
  readonly own?: OwnFolders;
  readonly onWarning?: (warning: Diagnostic) => void;
  /** Called with the progress of a model download. */
  readonly onFetch?: (fetched: Fetched) => void;
}

/** How far the download of a hub's model is. */
export interface Fetched {
  readonly model: string;
  readonly file: string;
  /** Bytes that are there, of those that are known to be needed. */
  readonly done: number;
  readonly total: number;
}

/** Folders of the user's own code, relative to the folder of the pipeline file. */
export interface OwnFolders {
  readonly datasetFolder?: string | undefined;
  readonly lossFolder?: string | undefined;
  readonly promptFolder?: string | undefined;
}

/** Checks a name before anything runs. */
export function checkName(
  folders: SourceFolders,
  kind: ParameterKind,
  name: string,
): NameMistake | undefined {
  if (kind.kind === "artifact") return checkArtifact(folders, kind.type, name);
  return kind.kind === "code" ? checkCode(folders, kind, name) : checks[kind.kind](folders, name);
}

const checks = {
  model(folders: SourceFolders, text: string): NameMistake | undefined {
    const choice = parseModelChoice(text);
    if (typeof choice === "string") return { cause: choice };
    const name = choice.model;
    const path = modelPath(folders, name);
    if (path === remote && secretValues().hide(name) !== name) {
      return { cause: "it holds a secret of the environment, which would be sent to the hub" };
    }
    if (path === undefined) {
      const zoo = zooModels(folders);
      return { cause: "it is not a model name", notes: [modelForms, ...suggestions(name, zoo)] };
    }
    if (path === remote) return undefined;
    if (isDirectory(path)) {
      return exists(`${path}/config.json`)
        ? typeMistake(path) ?? weightMistake(path, choice)
        : noModelIn(path);
    }
    if (!name.startsWith("zoo/")) return { cause: `there is no folder ${path}` };
    return { cause: "there is no such model", notes: suggestions(name, zooModels(folders)) };
  },
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

/** Says how the user's own code could have this name. */
function ownWay(folders: SourceFolders, field: keyof OwnFolders, name: string): string[] {
  if (!isOwnName(name)) return [];
  const folder = ownFolder(folders, field);
  if (folder === undefined) {
    return [`${field}: ./FOLDER names a folder of your own, with ${ownFile(name)} in it`];
  }
  return [`your own would be ${shownPath(`${folder}/${ownFile(name)}`)}`];
}

function ownFolder({ base, own = {} }: SourceFolders, field: keyof OwnFolders): string | undefined {
  return own[field] === undefined ? undefined : filePath({ root: "", base }, own[field]);
}

/** Path of a user's own module. */
function ownModule(
  folders: SourceFolders,
  field: keyof OwnFolders,
  name: string,
): string | undefined {
  const folder = ownFolder(folders, field);
  if (folder === undefined || !isOwnName(name)) return undefined;
  const path = `${folder}/${ownFile(name)}`;
  return isModule(path) ? path : undefined;
}

function ownNames(folders: SourceFolders, field: keyof OwnFolders): string[] {
  const folder = ownFolder(folders, field);
  return folder === undefined ? [] : moduleNames(folder);
}

function isOwnName(name: string): boolean {
  return /^[a-z][a-z0-9-]*$/.test(name);
}

const ownFile = (name: string) => `${name.replaceAll("-", "_")}.ts`;

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

const modelForms = "a model is zoo/NAME, hf://OWNER/NAME, or a path that starts with ./ or /";

/** What models of other structures than families of multimodal models are of use. */
const otherModelTypes = ["clip"];

/** A model of a type that nothing here can run is reported before the stages that come before it run. */
function typeMistake(folder: string): NameMistake | undefined {
  const type = modelTypeIn(`${folder}/config.json`);
  const known = [...knownModelTypes, ...otherModelTypes].sort();
  if (type === undefined || known.includes(type) || hasUsualParts(folder)) return undefined;
  return {
    cause: `its config.json says model_type "${type}", which is not supported`,
    notes: [
      ...suggestions(type, known),
      "if its graphs have the structure of one of these, name that one in its config.json",
    ],
  };
}

/** A model of another type whose graphs have the usual names is opened by the default rule. */
function hasUsualParts(folder: string): boolean {
  const parts = new Set(
    entries(`${folder}/onnx`).filter(({ name }) => name.endsWith(".onnx"))
      .map(({ name }) => partOf(name.slice(0, -".onnx".length))),
  );
  return usualParts.every((part) => parts.has(part));
}

/** Undefined where there is none to read: what else is wrong is told when the model is opened. */
function modelTypeIn(path: string): string | undefined {
  try {
    const config = JSON.parse(readRegularText(path)) as { model_type?: unknown } | null;
    return typeof config?.model_type === "string" ? config.model_type : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The folder of a model by its name, fetched where it is a hub's.
 *
 * @throws {DiagnosticError} If there is no such model.
 */
export async function modelFolder(
  folders: SourceFolders,
  name: string,
  weights?: WeightChoice,
): Promise<string> {
  const choice = { model: name, ...(weights === undefined ? {} : { weights }) };
  const mistake = checks.model(folders, weights === undefined ? name : JSON.stringify(choice));
  if (mistake !== undefined) {
    const message = `Cannot use model "${name}": ${mistake.cause}`;
    const notes = mistake.notes ?? [];
    throw diagnosticError("unknown-model", message, notes);
  }
  const path = modelPath(folders, name);
  if (typeof path === "string") return path;
  return (await openHubModel(folders, choice)).path;
}

function noModelIn(folder: string): NameMistake {
  return {
    cause: `there is no config.json in ${folder}`,
    notes: ["a model's folder has config.json, preprocessor_config.json, tokenizer.json and onnx/"],
  };
}

/** Stands for a model that lies on a hub. */
const remote = Symbol("remote");

function modelPath(folders: SourceFolders, name: string): string | typeof remote | undefined {
  if (name.startsWith("zoo/") && modelNameMistake(name.slice(4)) === undefined) {
    return `${folders.root}zoo/${name.slice(4)}`;
  }
  if (parseHubName(name) !== undefined) return remote;
  return /^\.{0,2}\//.test(name) ? filePath(folders, name) : undefined;
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
    const { model } = choiceOf(name);
    const hub = parseHubName(model);
    const path = modelPath(folders, model);
    return hub === undefined ? pathsOf(path as string | undefined) : { paths: [], hubs: [hub] };
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

function filePath({ base }: SourceFolders, name: string): string {
  return name.startsWith("/") ? name : `${base}/${name.replace(/^\.\//, "")}`;
}

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
  async model(folders: SourceFolders, text: string, digests: ContentDigests): Promise<Source> {
    const choice = choiceOf(text);
    const path = modelPath(folders, choice.model);
    if (typeof path !== "string") return withWeights(choice, await openHubModel(folders, choice));
    const digest = await digests.content(path);
    return withWeights(choice, { path, digest });
  },
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

/** A model of a hub: its commit represents its content. */
async function openHubModel(
  folders: SourceFolders,
  { model: name, weights }: ModelChoice,
): Promise<Pick<ModelSource, "path" | "digest">> {
  const model = parseHubName(name);
  if (model === undefined) {
    throw new DiagnosticError([{
      code: "unknown-model",
      severity: "error",
      message: `Cannot open model "${name}": it is not the name of a model on a hub`,
      notes: ["write hf://OWNER/NAME or hf://OWNER/NAME@REVISION"],
    }]);
  }
  const { fetchHubModel } = await loadLater<typeof import("../models/hub.ts")>(
    new URL("../models/hub.ts", import.meta.url),
  );
  const { path, commit } = await fetchHubModel(model, {
    ...await hubSettings(folders, name),
    ...(weights === undefined ? {} : { weights }),
  });
  return { path, digest: commit };
}

/** How a hub is asked for what has that name, by the variables of `huggingface_hub`. */
async function hubSettings(
  { onWarning, onFetch }: SourceFolders,
  name: string,
): Promise<FetchOptions> {
  const { hubCacheFolder, isOffline } = await loadLater<typeof import("../hub/hub_cache.ts")>(
    new URL("../hub/hub_cache.ts", import.meta.url),
  );
  const env = (variable: string) => Deno.env.get(variable);
  const endpoint = env("HF_ENDPOINT");
  const token = hubToken(endpoint, onWarning);
  return {
    cache: hubCacheFolder(env),
    offline: isOffline(env),
    onProgress: (done, total, file) => onFetch?.({ model: name, file, done, total }),
    ...(endpoint ? { endpoint } : {}),
    ...(token ? { token } : {}),
  };
}

/** A choice that was checked before. */
function choiceOf(text: string): ModelChoice {
  const choice = parseModelChoice(text);
  return typeof choice === "string" ? { model: text } : choice;
}

/** Other weights are another model. */
function withWeights(
  choice: ModelChoice,
  { path, digest }: Pick<ModelSource, "path" | "digest">,
): ModelSource {
  const { weights } = choice;
  const name = shownModel(choice);
  if (weights === undefined) return { name, path, digest };
  const told = canonicalJson({ digest, weights });
  return { name, path, digest: sha256(told), weights };
}

/** Weights that are asked for and not there are told before the stages that come before run. */
function weightMistake(folder: string, { weights }: ModelChoice): NameMistake | undefined {
  const files = entries(`${folder}/onnx`).map(({ name }) => name);
  const missing = missingWeights(files, weights);
  if (missing === undefined) return undefined;
  const graphs = files.filter((name) => name.endsWith(".onnx")).sort().join(", ");
  return { cause: `${folder}/onnx has no ${missing}`, notes: [`there is ${graphs || "no graph"}`] };
}

/** The token for a hub; one that would go unencrypted is not sent, and the user is told. */
function hubToken(
  endpoint: string | undefined,
  onWarning?: (warning: Diagnostic) => void,
): string | undefined {
  const token = Deno.env.get("HF_TOKEN");
  if (!token || !endpoint || !URL.canParse(endpoint) || isConfidential(endpoint)) return token;
  const message = `HF_TOKEN is not sent to ${shownUrl(endpoint)}: it would go there unencrypted`;
  onWarning?.({ code: "unencrypted", severity: "warning", message });
  return undefined;
}

function zooModels({ root }: SourceFolders): string[] {
  return entries(`${root}zoo`).filter((entry) => entry.isDirectory)
    .map((entry) => `zoo/${entry.name}`).sort();
}

function datasets(folders: SourceFolders): string[] {
  return [...moduleNames(`${folders.root}datasets`), ...ownNames(folders, "datasetFolder")].sort();
}

function moduleNames(folder: string): string[] {
  return entries(folder).map((entry) => entry.name)
    .filter((name) => name.endsWith(".ts") && isModule(`${folder}/${name}`))
    .map((name) => name.slice(0, -3).replaceAll("_", "-")).sort();
}

/** A folder may hold other modules too: what can be named is one with a default export. */
function isModule(path: string): boolean {
  return statOf(path)?.isFile === true &&
    /^export (default |\{[^}]*\bdefault\b)/m.test(Deno.readTextFileSync(path));
}

function entries(path: string): Deno.DirEntry[] {
  return isDirectory(path) ? [...Deno.readDirSync(path)] : [];
}

function isDirectory(path: string): boolean {
  return statOf(path)?.isDirectory ?? false;
}

function exists(path: string): boolean {
  return statOf(path) !== undefined;
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}
