/** Lists what a pipeline file would run that is not this project's own code. @module */
import { fromFileUrl, resolve, toFileUrl } from "@std/path";
import { sha256 } from "../pipeline/contract/canonical.ts";
import { eachExpression } from "../pipeline/read/expression.ts";
import type { PipelineSpec } from "../pipeline/read/parse.ts";
import { isProjectCode } from "../pipeline/contract/project_code.ts";
import { shownPath } from "../pipeline/contract/shown_path.ts";
import type { StageSpec } from "../pipeline/read/spec.ts";
import { findModule } from "../pipeline/plan/stage_lookup.ts";
import type { ContentDigests } from "../pipeline/contract/store.ts";
import { isSecretName } from "../trust/secrets.ts";
import { isFolder } from "./is_folder.ts";

/** A piece of code or a program, and what represents its content. */
export interface TrustItem {
  readonly digest: string;
  /** For people: `stage type greet: my_stages/greet.ts`. */
  readonly what: string;
  /** What a stage type declares that it may do; of other code there is no such word. */
  readonly permissions?: readonly string[];
}

/** Where the code of a pipeline lies. */
export interface CodePlaces {
  /** Folder of the pipeline file. */
  readonly base: string;
  /** Folders of stage types, the user's own first. */
  readonly stageFolders: readonly URL[];
  readonly digests: ContentDigests;
  /** What a stage type declares that it may do; undefined where it cannot be heard. */
  readonly permissionsOf?: (module: URL) => Promise<readonly string[] | undefined>;
}

/** Everything of the user's that a pipeline would run, each once: modules and programs. */
export async function trustItems(spec: PipelineSpec, places: CodePlaces): Promise<TrustItem[]> {
  const used = [...new Set(Object.values(spec.stages).map(({ uses }) => uses))];
  const own = used.flatMap((uses) => {
    const url = findModule(uses, places.stageFolders);
    return url === undefined || isProjectCode(url.href) ? [] : [{ uses, url }];
  });
  const modules = [
    ...await Promise.all(own.map(async ({ uses, url }) => {
      const permissions = await places.permissionsOf?.(url) ?? [];
      return { url, kind: `stage type ${uses}${shownPermissions(permissions)}`, permissions };
    })),
    ...ownFolders.flatMap(([field, kind]) =>
      modulesIn(spec[field], places.base).map((url) => ({ url, kind }))
    ),
  ];
  const code = modules.map(async ({ url, kind, ...declared }) => ({
    digest: await places.digests.code(url) as string,
    what: `${kind}: ${shownPath(fromFileUrl(url))}`,
    ...declared,
  }));
  const programs = Object.values(spec.stages)
    .filter(({ uses }) => uses === "command")
    .map((stage) => programItem(stage, spec, places));
  const items = await Promise.all([...code, ...programs]);
  const all = [...items, ...setupItems(spec)];
  // A stage type that is also named as other code is listed as a stage type, with what it declares.
  const unique = [...Map.groupBy(all, ({ digest }) => digest).values()].map(([first]) => first!);
  return [...unique, ...secretItems(spec, unique)];
}

/** ` (net, run)` */
function shownPermissions(permissions: readonly string[]): string {
  return permissions.length === 0 ? "" : ` (${permissions.join(", ")})`;
}

/** Lines of shell that a file wants to run before its jobs on a cluster. */
function setupItems({ defaults, stages }: PipelineSpec): TrustItem[] {
  return [defaults, ...Object.values(stages)].flatMap((settings) => {
    const setup = settings?.executor?.slurm?.setup;
    if (setup === undefined) return [];
    return [{ digest: sha256(`setup ${setup}`), what: `setup of Slurm jobs: ${setup}` }];
  });
}

/** Secrets that the file hands to its code: the same code with more of them is asked about again. */
function secretItems(spec: PipelineSpec, code: readonly TrustItem[]): TrustItem[] {
  const secrets = Object.keys(spec.env ?? {}).filter(isSecretName).sort();
  if (secrets.length === 0 || code.length === 0) return [];
  const digests = code.map(({ digest }) => digest).sort();
  const digest = sha256(JSON.stringify({ secrets, code: digests }));
  return [{ digest, what: `passes to them: ${secrets.join(", ")}` }];
}

/** Fields of a pipeline file that name folders of code, beside its stage types. */
const ownFolders = [
  ["datasetFolder", "data set"],
  ["lossFolder", "loss term"],
  ["promptFolder", "kind of prompt"],
] as const;

function modulesIn(folder: string | undefined, base: string): URL[] {
  if (folder === undefined || !isFolder(resolve(base, folder))) return [];
  const names = [...Deno.readDirSync(resolve(base, folder))].map(({ name }) => name).sort();
  return names.filter((name) => name.endsWith(".ts"))
    .map((name) => toFileUrl(resolve(base, folder, name)))
    .filter((url) => !isProjectCode(url.href));
}

/** A program counts by its words, the values that they refer to, and the files it is given. */
async function programItem(
  stage: StageSpec,
  spec: PipelineSpec,
  { base, digests }: CodePlaces,
): Promise<TrustItem> {
  const { run, files } = stage.with ?? {};
  const contents = Object.values(isMap(files) ? files : {}).map((path) =>
    typeof path === "string" ? contentOf(resolve(base, path), digests) : ""
  );
  const values = valuesIn(run, stage, spec, new Map());
  const preimage = {
    run,
    values,
    // Variables such as PATH say which program a word means.
    env: [spec.defaults?.env, stage.env],
    files: await Promise.all(contents),
  };
  const words = [run].flat().map((word) => typeof word === "string" ? word : JSON.stringify(word));
  const what = `program: ${words.join(" ")}${shownValues(values)}`;
  return { digest: sha256(JSON.stringify(preimage)), what };
}

/** ` (vars.last = 13)`: other values are another program. */
function shownValues(values: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(values).map(([name, value]) => {
    const axis = /^matrix\.(.*)/s.exec(name)?.[1];
    return `${name} = ${JSON.stringify(axis === undefined ? value : cellValues(axis, value))}`;
  });
  return shown.length === 0 ? "" : ` (${shown.join(", ")})`;
}

/** The values of an axis, and those of cells that are included. */
function cellValues(axis: string, written: unknown): unknown[] {
  const [values, included] = written as [unknown, readonly Record<string, unknown>[] | undefined];
  const others = (included ?? []).filter((cell) => axis in cell).map((cell) => cell[axis]);
  return [...(values === undefined ? [] : [values].flat()), ...others];
}

/** What cannot be read is reported when the pipeline is planned. */
async function contentOf(path: string, digests: ContentDigests): Promise<string> {
  try {
    return isFolder(path) ? "" : await digests.content(path);
  } catch {
    return "";
  }
}

/** Values of `vars` and `matrix` that texts refer to, and those that these refer to, as written. */
function valuesIn(
  value: unknown,
  stage: StageSpec,
  spec: PipelineSpec,
  found: Map<string, unknown>,
): Record<string, unknown> {
  eachExpression(value, [], ({ path: [root, name] }) => {
    if (name === undefined || (root !== "vars" && root !== "matrix")) return;
    const written = root === "vars"
      ? spec.vars?.[name]
      : [stage.matrix?.[name], stage.matrix?.include];
    const key = `${root}.${name}`;
    if (written === undefined || found.has(key)) return;
    found.set(key, written);
    valuesIn(written, stage, spec, found);
  });
  return Object.fromEntries(found);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
