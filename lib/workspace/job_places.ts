/**
 * Lists what the tasks of a pipeline may read: its folders, and the paths it names elsewhere.
 *
 * @module
 */
import { loadLater } from "./load_later.ts";
import { resolve } from "@std/path";
import type { JobPlaces } from "../pipeline/contract/job.ts";
import type { PipelineSpec } from "../pipeline/read/parse.ts";
import type { ParameterKind } from "../pipeline/contract/stage.ts";
import type { HubModel } from "../hub/hub_name.ts";
import type { NamedPaths } from "./sources.ts";

/** Fields of a pipeline file that name folders of code. */
const codeFolders = ["stageFolder", "datasetFolder", "lossFolder", "promptFolder"] as const;

/** Collects the paths that a pipeline names while it is planned. */
export class NamedPlaces {
  readonly #read = new Set<string>();
  readonly #models = new Set<string>();
  readonly #hub: HubModel[] = [];

  /** Whether it names a model or a data set that lies on a hub. */
  get usesHub(): boolean {
    return this.#hub.length > 0;
  }

  /** Takes in what a name represents. */
  add({ kind }: ParameterKind, { paths, hubs = [] }: NamedPaths): void {
    this.#hub.push(...hubs);
    for (const path of paths) {
      if (kind === "model") withBlobs(path).forEach((folder) => this.#models.add(folder));
      else this.#read.add(path);
    }
  }

  /** All of them, with the folders that every run has: of the project, the file, and the store. */
  async places(
    spec: PipelineSpec,
    { root, base, store }: { readonly root: string; readonly base: string; readonly store: string },
  ): Promise<Pick<JobPlaces, "read" | "models">> {
    const code = codeFolders.flatMap((field) => spec[field] ? [resolve(base, spec[field])] : []);
    const always = [base, Deno.cwd(), resolve(store), ...code];
    const named = [...this.#models, ...await this.#cached()];
    const models = [`${root}zoo`, resolve(store, "objects")];
    return {
      read: [...new Set([...always, ...outside(this.#read, always)])],
      models: [...new Set([...models, ...outside(named, models)])],
    };
  }

  /** Where models and data sets of hubs lie once they are fetched. */
  async #cached(): Promise<string[]> {
    if (!this.usesHub) return [];
    const { CachedModel, hubCacheFolder } = await loadLater<
      typeof import("../hub/hub_cache.ts")
    >(new URL("../hub/hub_cache.ts", import.meta.url));
    const cache = hubCacheFolder((name) => Deno.env.get(name));
    return this.#hub.map((model) => new CachedModel(cache, model).folder);
  }
}

/** A snapshot of a Hugging Face cache is links to the blobs of its repository. */
function withBlobs(path: string): string[] {
  const repository = /^(.+)[/\\]snapshots[/\\]/.exec(path)?.[1];
  return repository === undefined ? [path] : [path, `${repository}/blobs`];
}

/** Paths in none of the folders. */
function outside(paths: Iterable<string>, folders: readonly string[]): string[] {
  return [...paths].map((path) => resolve(path)).filter((path) =>
    !folders.some((folder) => path === folder || path.startsWith(`${folder}/`))
  ).sort();
}
