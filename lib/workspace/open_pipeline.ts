/** Opens a pipeline file: gives its plan and its store, with which most commands begin. @module */
import { basename, dirname, isAbsolute, join, relative, resolve, toFileUrl } from "@std/path";
import { contentDigests } from "../cache/digest/content_digests.ts";
import { makeStoreFolder } from "../cache/local/store.ts";
import { ifThere } from "../cache/disk/system_error.ts";
import { type Diagnostic, DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import { suggestions } from "../diagnostic/suggest.ts";
import type { JobPlaces } from "../pipeline/contract/job.ts";
import { parsePipeline, type PipelineSpec } from "../pipeline/read/parse.ts";
import { planPipeline } from "../pipeline/plan/expand.ts";
import type { Plan, Task } from "../pipeline/plan/plan.ts";
import type { SourceText } from "../pipeline/read/problem.ts";
import type { SourceResolver } from "../pipeline/plan/resolve.ts";
import type { RunOptions } from "../pipeline/run/run.ts";
import { ChangedInputs } from "./changed_inputs.ts";
import { NamedPlaces } from "./job_places.ts";
import { declaredPermissions, loadPipelineStages } from "./load_pipeline_stages.ts";
import type { ArtifactStore, ContentDigests } from "../pipeline/contract/store.ts";
import { isFolder } from "./is_folder.ts";
import { isServer, openStore } from "./open_store.ts";
import { isSecret, looksSecret } from "../trust/secrets.ts";
import { defaultCacheFolder, projectRoot } from "./places.ts";
import { secretValues } from "./secret_values.ts";
import { type ModelPlacement, placeModels } from "./place_models.ts";
import { readPipelineText } from "./read_pipeline_text.ts";
import type { Fetched } from "./source_folders.ts";
import { checkName, imageSide, namedPaths, sourceResolver } from "./sources.ts";
import { type TrustItem, trustItems } from "./trust_items.ts";
import { tryModels } from "./try_models.ts";

/** A pipeline file, and where its results are kept. */
export interface PipelineFile {
  readonly file: string;
  /** Values instead of the file's: `vars.seeds=[0]`. */
  readonly set?: readonly string[];
  /** Folder of the store, by default `.tvp/cache`. */
  readonly cache?: string;
  /** A cache that other machines share: `https://…`, `s3://…`, `file://…`. */
  readonly remote?: string | undefined;
}

/** A pipeline, ready for a look or a run. */
export interface OpenedPipeline extends AsyncDisposable {
  readonly plan: Plan;
  readonly store: ArtifactStore;
  readonly digests: ContentDigests;
  readonly resolver: SourceResolver;
  readonly cacheFolder: string;
  /** What its tasks may read. */
  readonly places: Pick<JobPlaces, "read" | "models">;
  /** Whether a remote or a hub is used. */
  readonly isOnline: boolean;
  /** Tries the models that tasks name. @throws {DiagnosticError} If one cannot be used. */
  tryModels(tasks: Iterable<Task>): Promise<void>;
  /** As a run takes it: which inputs of a task have changed since its key was made. */
  readonly changedInputs: NonNullable<RunOptions["changedInputs"]>;
  /** Where steps on the models that tasks name would run on CUDA. */
  placeModels(tasks: Iterable<Task>): Promise<ModelPlacement[]>;
}

/** Options of opening a pipeline. */
export interface OpenOptions {
  /**
   * Called with the file's own code before any of it runs; it throws to forbid that. Without
   * it no such code runs: a process without permissions describes untrusted stage types.
   */
  readonly mayRun?: (items: readonly TrustItem[]) => Promise<void>;
  readonly onWarning?: (warning: Diagnostic) => void;
  /** Called with the progress of a model download. */
  readonly onFetch?: (fetched: Fetched) => void;
  /** Called when the file is read, its stage types are described, and its tasks are looked up. */
  readonly onOpen?: (used: OpenedUse) => void | Promise<void>;
}

/** What an opened pipeline has use for. */
export type OpenedUse = Pick<OpenedPipeline, "isOnline">;

/**
 * Parses and plans a pipeline file, and opens its store.
 *
 * @throws {DiagnosticError} with all mistakes of the file.
 *
 * @example
 * ```ts
 * import { openPipeline } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * const file = `${folder}/demo.yaml`;
 * await Deno.writeTextFile(file, "name: demo\nstages: { a: { uses: noop } }\n");
 * {
 *   await using opened = await openPipeline({ file, cache: `${folder}/cache` });
 *   assertEquals(opened.plan.tasks.map((task) => task.id), ["a"]);
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function openPipeline(
  { file, set = [], cache: cacheFolder = defaultCacheFolder, remote }: PipelineFile,
  { mayRun, onOpen, ...told }: OpenOptions = {},
): Promise<OpenedPipeline> {
  const spec = await readSpec(file, set);
  const folders = { root: projectRoot.pathname, base: dirname(resolve(file)), own: spec, ...told };
  const digests = contentDigests({ memo: `${cacheFolder}/digests.json` });
  const memo = `${cacheFolder}/stage-answers`;
  const code = codePlaces(spec, file, { digests, memo });
  await mayRun?.(await trustItems(spec, code));
  if (mayRun !== undefined) makeStoreFolder(cacheFolder);
  const stages = await loadPipelineStages(spec, code, { mayRun: mayRun !== undefined, memo });
  await using _host = stages;
  const named = new NamedPlaces();
  const planned = await planPipeline(spec, stages.lookup, {
    readEnv,
    hide: (text) => secretValues().hide(text),
    checkName: (kind, name) => {
      named.add(kind, namedPaths(folders, kind, name));
      return checkName(folders, kind, name);
    },
    imageSides: (kind, name) => imageSide(folders, kind, name),
  });
  if (!planned.ok) throw new DiagnosticError(planned.error);
  planned.value.warnings?.forEach((warning) => told.onWarning?.(warning));
  await using held = new AsyncDisposableStack();
  const store = held.use(
    await openStore({
      folder: cacheFolder,
      ...(remote === undefined ? {} : { remote }),
      ...told,
    }),
  );
  held.use(digests);
  const isOnline = isServer(remote) || named.usesHub;
  await onOpen?.({ isOnline });
  const places = await named.places(spec, { ...folders, store: cacheFolder });
  const resolver = sourceResolver(folders, digests);
  const inputs = new ChangedInputs({ folders, resolver, afresh: digests.afresh });
  const opened = held.move();
  return {
    plan: planned.value,
    store,
    digests,
    resolver,
    changedInputs: (...ran) => inputs.of(...ran),
    cacheFolder,
    places,
    isOnline,
    tryModels: (tasks) => tryModels(tasks, folders),
    placeModels: (tasks) => placeModels(tasks, folders),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** A variable of the environment that a pipeline asks for; what looks like a secret is one. */
function readEnv(name: string): string | undefined {
  const value = Deno.env.get(name);
  if (value !== undefined && (isSecret(name, value) || looksSecret(value))) {
    secretValues().add(name, value);
  }
  return value;
}

/** What of a pipeline file is code, and none of this project's. */
export async function trustItemsOf(
  { file, set = [], cache = defaultCacheFolder }: PipelineFile,
): Promise<TrustItem[]> {
  const spec = await readSpec(file, set);
  await using digests = contentDigests({ memo: `${cache}/digests.json` });
  return await trustItems(
    spec,
    codePlaces(spec, file, { digests, memo: `${cache}/stage-answers` }),
  );
}

/** Where the code of a pipeline lies, and how to hear what it declares. */
function codePlaces(
  spec: PipelineSpec,
  file: string,
  known: { readonly digests: ReturnType<typeof contentDigests>; readonly memo: string },
) {
  return {
    base: dirname(resolve(file)),
    stageFolders: stageFolders(spec, file),
    digests: known.digests,
    permissionsOf: (module: URL) => declaredPermissions(module, known),
  };
}

/** Reads and checks a pipeline file. @throws {DiagnosticError} with all mistakes of its form. */
export async function readSpec(file: string, set: readonly string[]): Promise<PipelineSpec> {
  const text = readMainText(file);
  const read = (path: string): SourceText => {
    const full = isAbsolute(path) ? path : join(dirname(file), path);
    return { path: full, text: readPipelineText(full) };
  };
  const parsed = await parsePipeline(text, { path: file, set, read });
  if (!parsed.ok) throw new DiagnosticError(parsed.error);
  return parsed.value;
}

/** Folders of stage types: the user's own before the project's. */
function stageFolders(spec: PipelineSpec, file: string): URL[] {
  const own = spec.stageFolder === undefined
    ? []
    : [toFileUrl(`${resolve(dirname(file), spec.stageFolder)}/`)];
  return [...own, new URL("stages/", projectRoot)];
}

function readMainText(file: string): string {
  try {
    return readPipelineText(file);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isMissing = error instanceof Deno.errors.NotFound;
    const cause = isMissing ? "there is no such file" : error.message;
    const message = `Cannot read the pipeline file "${file}": ${cause}`;
    if (isFolder(file)) {
      throw diagnosticError("missing-file", message, suggestions("", yamlFiles(file)));
    }
    const near = () => suggestions(basename(file), yamlFiles(dirname(file))).slice(0, 1);
    const notes = isMissing ? startFolderNotes(file) ?? near() : [];
    throw diagnosticError("missing-file", message, notes);
  }
}

/** `deno task` changes to the folder of the project, and says where it was started. */
function startFolderNotes(file: string): string[] | undefined {
  const started = Deno.env.get("INIT_CWD");
  if (started === undefined || isAbsolute(file) || relative(started, Deno.cwd()) === "") {
    return undefined;
  }
  const meant = join(started, file);
  if (!existsFile(meant)) return undefined;
  const [shown, searched] = [relative(Deno.cwd(), meant), Deno.cwd()];
  return [`did you mean "${shown}"? deno task looks from the folder of the project, ${searched}`];
}

function existsFile(path: string): boolean {
  return ifThere(() => Deno.statSync(path))?.isFile === true;
}

/** What may be a pipeline in a folder. */
function yamlFiles(folder: string): string[] {
  if (!isFolder(folder)) return [];
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return names.filter((name) => /\.ya?ml$/.test(name)).sort().map((name) => join(folder, name));
}
