/** Finds models by their names: of the zoo, of a path, and of a hub. @module */
import { DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import { suggestions } from "../diagnostic/suggest.ts";
import type { FetchOptions } from "../hub/hub_fetcher.ts";
import { type HubModel, parseHubName } from "../hub/hub_name.ts";
import { type ModelChoice, parseModelChoice, shownModel } from "../models/model_choice.ts";
import type { WeightChoice } from "../models/weight_types.ts";
import { canonicalJson, sha256 } from "../pipeline/contract/canonical.ts";
import type { ModelSource } from "../pipeline/contract/stage.ts";
import type { ContentDigests } from "../pipeline/contract/store.ts";
import type { NameMistake } from "../pipeline/plan/plan.ts";
import { modelNameMistake } from "../trust/names.ts";
import { loadLater } from "./load_later.ts";
import { entries, isDirectory } from "./path_facts.ts";
import { secretValues } from "./secret_values.ts";
import { filePath, type SourceFolders } from "./source_folders.ts";

/** Says what is wrong with the name of a model, if anything. */
export async function modelMistake(
  folders: SourceFolders,
  text: string,
): Promise<NameMistake | undefined> {
  const choice = parseModelChoice(text);
  if (typeof choice === "string") return { cause: choice };
  const name = choice.model;
  const path = modelPath(folders, name);
  if (path === remote && secretValues().hide(name) !== name) {
    return { cause: "it holds a secret of the environment, which would be sent to the hub" };
  }
  if (path === undefined) {
    const zoo = zooModels(folders);
    const near = isDirectory(filePath(folders, name))
      ? [`did you mean "./${name}"?`]
      : suggestions(name, zoo);
    return { cause: "it is not a model name", notes: [modelForms, ...near] };
  }
  if (path === remote) return undefined;
  if (isDirectory(path)) {
    const { folderMistake } = await loadLater<typeof import("./folder_mistake.ts")>(
      new URL("./folder_mistake.ts", import.meta.url),
    );
    return folderMistake(path, choice);
  }
  if (!name.startsWith("zoo/")) return { cause: `there is no folder ${path}` };
  return { cause: "there is no such model", notes: suggestions(name, zooModels(folders)) };
}

const modelForms = "a model is zoo/NAME, hf://OWNER/NAME, or a path that starts with ./ or /";

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
  const mistake = await modelMistake(
    folders,
    weights === undefined ? name : JSON.stringify(choice),
  );
  if (mistake !== undefined) {
    const message = `Cannot use model "${name}": ${mistake.cause}`;
    const notes = mistake.notes ?? [];
    throw diagnosticError("unknown-model", message, notes);
  }
  const path = modelPath(folders, name);
  if (typeof path === "string") return path;
  return (await openHubModel(folders, choice)).path;
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

/** Where a model lies: at a path, if that can be one, or on a hub. */
export function modelPlace(
  folders: SourceFolders,
  text: string,
): { readonly path?: string; readonly hub?: HubModel } {
  const { model } = choiceOf(text);
  const hub = parseHubName(model);
  if (hub !== undefined) return { hub };
  const path = modelPath(folders, model);
  return typeof path === "string" ? { path } : {};
}

/** Opens a model by its name, with a digest of its content. */
export async function openModelSource(
  folders: SourceFolders,
  text: string,
  digests: ContentDigests,
): Promise<ModelSource> {
  const choice = choiceOf(text);
  const path = modelPath(folders, choice.model);
  if (typeof path !== "string") return withWeights(choice, await openHubModel(folders, choice));
  const digest = await digests.content(path);
  return withWeights(choice, { path, digest });
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

/** How a hub is asked for what has that name. */
export async function hubSettings(folders: SourceFolders, name: string): Promise<FetchOptions> {
  const later = await loadLater<typeof import("./hub_settings.ts")>(
    new URL("./hub_settings.ts", import.meta.url),
  );
  return later.hubSettings(folders, name);
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

function zooModels({ root }: SourceFolders): string[] {
  return entries(`${root}zoo`).filter((entry) => entry.isDirectory)
    .map((entry) => `zoo/${entry.name}`).sort();
}
