/**
 * Finds stage types by name: `uses: optimize-prompt` is `optimize_prompt.ts` in a folder.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { suggestions } from "../../diagnostic/suggest.ts";
import type { PipelineSpec } from "../read/parse.ts";
import type { LoadedStage, NameMistake, StageLookup, StageModule } from "./plan.ts";
import { shownPath } from "../contract/shown_path.ts";
import { ownFrames, placeOf } from "../contract/thrown.ts";
import type { Stage } from "../contract/stage.ts";
import { outputsMistake } from "../contract/stage_outputs.ts";

/** Loads the stage type of a module. @throws {StageMistake} if it cannot. */
export type LoadStage = (url: URL) => Promise<StageModule>;

/** Why there is no stage type in a module. */
export class StageMistake extends Error {
  override readonly name = "StageMistake";
  readonly mistake: NameMistake;

  constructor(mistake: NameMistake) {
    super(mistake.cause);
    this.mistake = mistake;
  }
}

/**
 * Loads a stage type into this process.
 *
 * @throws {StageMistake} If the module cannot be loaded or defines no stage type.
 */
export async function loadHere(url: URL): Promise<LoadedStage> {
  try {
    return { stage: await importStage(url), module: url.href };
  } catch (error) {
    throw new StageMistake(notLoaded(url, error));
  }
}

/**
 * Loads the modules of the stage types that a pipeline uses; earlier folders win. What cannot be
 * found or loaded is a mistake of the pipeline, reported with the others when it is planned.
 *
 * @param load By default code of any folder is loaded into this process.
 *
 * @example
 * ```ts
 * import {
 *   DiagnosticError,
 *   loadStages,
 *   parsePipeline,
 * } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const parsed = await parsePipeline("name: demo\nstages: { a: { uses: noop } }\n", {
 *   path: "demo.yaml",
 * });
 * if (!parsed.ok) throw new DiagnosticError(parsed.error);
 * const stages = await loadStages(parsed.value, [new URL(`file://${Deno.cwd()}/stages/`)]);
 * assertEquals(stages.get("noop")?.stage.name, "noop");
 * ```
 */
export async function loadStages(
  spec: PipelineSpec,
  folders: readonly URL[],
  load: LoadStage = loadHere,
): Promise<StageLookup> {
  const used = [...new Set(Object.values(spec.stages).map((stage) => stage.uses))];
  const loaded = new Map<string, StageModule>();
  const mistakes = new Map<string, NameMistake>();
  await Promise.all(used.map(async (uses) => {
    const url = findModule(uses, folders);
    if (url === undefined) return void mistakes.set(uses, notFound(uses, folders));
    try {
      loaded.set(uses, await load(url));
    } catch (error) {
      if (!(error instanceof StageMistake)) throw error;
      mistakes.set(uses, error.mistake);
    }
  }));
  return {
    get names() {
      return stageNames(folders);
    },
    get: (uses) => loaded.get(uses),
    mistake: (uses) => mistakes.get(uses),
  };
}

function notFound(uses: string, folders: readonly URL[]): NameMistake {
  const missing = folders.filter((folder) => !isFolder(folder)).map((folder) =>
    `there is no folder ${shown(folder)}`
  );
  const notes = [...suggestions(uses, stageNames(folders)), ...missing];
  if (!isName(uses)) {
    return { cause: "a name is small letters, digits and -, starting with a letter", notes };
  }
  const files = folders.map((folder) => shown(new URL(fileName(uses), folder)));
  return { cause: `there is no ${files.join(" and no ")}`, notes };
}

/** The user's own code may be wrong in any way. */
function notLoaded(url: URL, error: unknown): NameMistake {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const [first, ...rest] = text.replace(/^TypeError: /, "").split("\n");
  const told = rest.map((line) => line.trim()).filter((line) => /^at |^hint/i.test(line));
  const [thrown] = error instanceof Error ? ownFrames(error.stack ?? "") : [];
  const notes = told.length > 0 || thrown === undefined ? told : [`at ${placeOf(thrown)}`];
  return { cause: `${shown(url)} cannot be loaded: ${first}`, notes };
}

function shown(url: URL): string {
  return shownPath(fromFileUrl(url).replace(/\/$/, ""));
}

/** Names of the stage types in folders. */
export function stageNames(folders: readonly URL[]): string[] {
  const names = folders.flatMap((folder) =>
    filesIn(folder).filter((name) => /^[a-z][a-z0-9_]*\.ts$/.test(name))
      .map((name) => name.slice(0, -3).replaceAll("_", "-"))
  );
  return [...new Set(names)].sort();
}

/** Loads a stage type by its module. @throws {TypeError} if the module has no stage. */
export async function importStage(url: URL): Promise<Stage> {
  const { default: found } = await import(url.href) as { default?: Partial<Stage> };
  const stage: Partial<Stage> = Object(found);
  const missing = partNames.filter((name) => !stageParts[name](stage));
  if (missing.length === partNames.length) {
    throw new TypeError("its default export is not made by defineStage");
  }
  if (missing.length > 0) {
    const given = Object.keys(stage).join(", ");
    throw new TypeError(`its stage lacks ${missing.join(" and ")}, it has ${given}`);
  }
  const mistake = outputsMistake(stage.outputs!, stage.files);
  if (mistake !== undefined) throw new TypeError(mistake);
  return stage as Stage;
}

/** What the runner needs of a stage type. */
const stageParts = {
  with: ({ with: schema }) => typeof schema?.safeParse === "function",
  outputs: ({ outputs }) => outputs !== undefined,
  run: ({ run }) => typeof run === "function",
} satisfies Record<string, (stage: Partial<Stage>) => boolean>;

const partNames = Object.keys(stageParts) as (keyof typeof stageParts)[];

/** URL of the module of a stage type, if there is one. */
export function findModule(uses: string, folders: readonly URL[]): URL | undefined {
  if (!isName(uses)) return undefined;
  return folders.map((folder) => new URL(fileName(uses), folder)).find(isFile);
}

function isName(uses: string): boolean {
  return /^[a-z][a-z0-9-]*$/.test(uses);
}

function fileName(uses: string): string {
  return `${uses.replaceAll("-", "_")}.ts`;
}

function filesIn(folder: URL): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter((entry) => entry.isFile).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function isFile(url: URL): boolean {
  return infoOf(url)?.isFile ?? false;
}

function isFolder(url: URL): boolean {
  return infoOf(url)?.isDirectory ?? false;
}

function infoOf(url: URL): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(url);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
