/** Stage types found by name: `uses: optimize-prompt` is `optimize_prompt.ts` in a folder. @module */
import type { PipelineSpec } from "./parse.ts";
import type { StageLookup, StageModule } from "./plan.ts";
import type { Stage } from "./stage.ts";

/** Loads the modules of the stage types that a pipeline uses; earlier folders win. */
export async function loadStages(
  spec: PipelineSpec,
  folders: readonly URL[],
): Promise<StageLookup> {
  const used = [...new Set(Object.values(spec.stages).map((stage) => stage.uses))];
  const loaded = new Map<string, StageModule>();
  await Promise.all(used.map(async (uses) => {
    const url = findModule(uses, folders);
    if (url) loaded.set(uses, { stage: await importStage(url), module: url.href });
  }));
  return {
    get names() {
      return stageNames(folders);
    },
    get: (uses) => loaded.get(uses),
  };
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
  const { default: stage } = await import(url.href) as { default?: Stage };
  if (typeof stage?.run !== "function") {
    throw new TypeError(
      `Cannot use ${url.href} as a stage: it has no default export of defineStage`,
    );
  }
  return stage;
}

/** URL of the module of a stage type, if there is one. */
export function findModule(uses: string, folders: readonly URL[]): URL | undefined {
  if (!/^[a-z][a-z0-9-]*$/.test(uses)) return undefined;
  for (const folder of folders) {
    const url = new URL(`${uses.replaceAll("-", "_")}.ts`, folder);
    if (isFile(url)) return url;
  }
  return undefined;
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
  try {
    return Deno.statSync(url).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
