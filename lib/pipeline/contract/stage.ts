/**
 * Defines a stage type: the contract between the engine and the code it runs. Stage files import
 * only this file of `lib/pipeline`.
 *
 * @module
 */
import { z } from "zod";
import { canonicalJson } from "./canonical.ts";
import { leavesOf } from "./leaves.ts";
import {
  type ArtifactType,
  artifactTypeMistake,
  type CodeCategory,
  type ParameterKind,
} from "./parameter_kind.ts";
import { describeKind, narrowReference, Reference, Slot, takesMap, wantedType } from "./slot.ts";

export {
  type ArtifactType,
  artifactTypeMistake,
  artifactTypes,
  type CodeCategory,
  type ParameterKind,
} from "./parameter_kind.ts";

/** An artifact as a stage sees it: immutable, read from `path` (a file or a folder). */
export interface Artifact {
  readonly type: ArtifactType;
  /** sha256 of the bytes of a file; Merkle digest of a folder. */
  readonly digest: string;
  readonly path: string;
  /** Device on which it was computed, if models ran; for reports, never in a key. */
  readonly provider?: string;
}

/** A model directory as a stage sees it: the name the user wrote and where it lies. */
export interface ModelSource {
  /** As written, `zoo/mini-minigpt4`; for an artifact the name its stage gave it. */
  readonly name: string;
  readonly digest: string;
  readonly path: string;
  /** Types of weights by part, or one type for all parts, if the pipeline sets them. */
  readonly weights?: string | Readonly<Record<string, string>>;
}

/** Code by name: a module and the digest of its code. */
export interface CodeSource {
  readonly name: string;
  readonly digest: string;
  /** URL of the module. */
  readonly module: string;
}

/** A data set: the module `datasets/NAME.ts`, files, or files that such a module reads. */
export type DatasetSource = CodeSource | DataFiles;

/** A data set that lies in files; the digest is that of their contents too. */
export interface DataFiles {
  readonly name: string;
  readonly digest: string;
  /** What was written, with absolute paths. */
  readonly files: Readonly<Record<string, unknown>>;
  /** URL of the module that reads them, where they are those of a published set. */
  readonly module?: string;
}

/**
 * Marks of parameters that the engine resolves; looked up by the schema object.
 *
 * @example
 * ```ts
 * import { model, parameterKinds } from "@tvp/pipeline/stage";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parameterKinds.get(model()), { kind: "model" });
 * ```
 */
export const parameterKinds: z.core.$ZodRegistry<ParameterKind> = z.registry<ParameterKind>();

/**
 * While a pipeline is planned a marked parameter accepts what the user wrote and becomes a `Slot`;
 * what the engine has already resolved passes as it is.
 */
function marked<T>(kind: ParameterKind): z.ZodType<T> {
  const wanted = wantedType(kind);
  const check = z.custom<T>((value) => isResolved(value) || slotOf(kind, value) !== undefined, {
    params: { expected: describeKind(kind), ...(wanted ? { type: wanted } : {}) },
  });
  return check.transform((value) => slotOf(kind, value) ?? value)
    .register(parameterKinds, kind) as unknown as z.ZodType<T>;
}

function slotOf(kind: ParameterKind, value: unknown): Slot | undefined {
  if (value instanceof Slot) return value;
  if (typeof value === "string" && isName(kind, value)) return new Slot(kind, value);
  if (takesMap(kind) && isPlainMap(value)) return new Slot(kind, canonicalJson(value));
  const wanted = wantedType(kind);
  if (!(value instanceof Reference) || wanted === undefined) return undefined;
  const reference = narrowReference(value, wanted);
  return reference && new Slot(kind, reference);
}

/** An artifact has no name: its text begins like a path, so that no word is mistaken for it. */
function isName(kind: ParameterKind, value: string): boolean {
  return kind.kind === "artifact" ? /^\.{0,2}\//.test(value) : value !== "";
}

/** A map that the user wrote: what it holds is plain as well. */
function isPlainMap(value: unknown): boolean {
  if (typeof value !== "object" || value === null || isResolved(value)) return false;
  if (Array.isArray(value)) return false;
  return !leavesOf(value).some((leaf) => leaf.value instanceof Reference);
}

function isResolved(value: unknown): boolean {
  return typeof value === "object" && value !== null && "digest" in value;
}

/**
 * A parameter that takes an artifact of a type: a reference to another stage's output, or the path
 * of a file or folder of that type, which begins with `./`, `../` or `/`; its content is in the key.
 *
 * @throws {RangeError} If there is no such type.
 *
 * @example
 * ```ts
 * import { artifact, defineStage } from "@tvp/pipeline/stage";
 * import { z } from "zod";
 *
 * export default defineStage({
 *   name: "count-lines",
 *   description: "Counts the lines of a text.",
 *   with: z.strictObject({ text: artifact("text").describe("what is counted") }),
 *   outputs: { count: "json" },
 *   async run({ text }, context) {
 *     const lines = (await Deno.readTextFile(text.path)).split("\n").length;
 *     await Deno.writeTextFile(context.output("count"), String(lines));
 *   },
 * });
 * ```
 */
export function artifact(type: ArtifactType): z.ZodType<Artifact> {
  const mistake = artifactTypeMistake(type);
  if (mistake !== undefined) throw new RangeError(`Cannot take an artifact: ${mistake}`);
  return marked<Artifact>({ kind: "artifact", type });
}

/**
 * A parameter that takes a model: `zoo/NAME`, `hf://owner/name`, a path, or a model artifact.
 *
 * @example
 * ```ts
 * import { defineStage, model } from "@tvp/pipeline/stage";
 * import { z } from "zod";
 *
 * export default defineStage({
 *   name: "name-model",
 *   description: "Writes the name of a model as it was given.",
 *   with: z.strictObject({ model: model().describe("zoo/mini-blip2, ./folder, hf://owner/name") }),
 *   outputs: { name: "text" },
 *   async run({ model }, context) {
 *     await Deno.writeTextFile(context.output("name"), `${model.name} in ${model.path}\n`);
 *   },
 * });
 * ```
 */
export function model(): z.ZodType<ModelSource> {
  return marked<ModelSource>({ kind: "model" });
}

/**
 * A parameter that takes a data set: a name in `datasets/`, a path, or a map such as
 * `{ folder: PATH }`.
 *
 * @example
 * ```ts
 * import { dataset } from "@tvp/pipeline/stage";
 * import { z } from "zod";
 *
 * const parameters = z.strictObject({ dataset: dataset().describe("such as emoji10, ./rows, { folder: ./images }") });
 * ```
 */
export function dataset(): z.ZodType<DatasetSource> {
  return marked<DatasetSource>({ kind: "dataset" });
}

/**
 * A parameter that takes the name of a row of a table: a new row is a new name, and nothing else.
 *
 * @example
 * ```ts
 * import { oneOf } from "@tvp/pipeline/stage";
 * import { assertEquals } from "@std/assert";
 *
 * const size = oneOf({ small: 8, large: 64 });
 * assertEquals(size.options, ["small", "large"]);
 * ```
 */
export function oneOf<Table extends Readonly<Record<string, unknown>>>(
  table: Table,
): z.ZodEnum<{ [Name in keyof Table & string]: Name }> {
  return z.enum(namesOf(table)) as never;
}

function namesOf<Name extends string>(
  table: Readonly<Record<Name, unknown>>,
): [Name, ...Name[]] {
  return Object.keys(table) as [Name, ...Name[]];
}

/**
 * A parameter that takes the name of a row of a table, or the name of the user's own code.
 *
 * @example
 * ```ts
 * import { builtInOrOwn } from "@tvp/pipeline/stage";
 * import { assertEquals } from "@std/assert";
 *
 * const kind = builtInOrOwn("prompt-kind", { frame: "around the image", patch: "in a corner" });
 * assertEquals(kind.parse("patch"), "patch"); // another name is one of the file's `promptFolder`
 * ```
 */
export function builtInOrOwn<Name extends string>(
  of: CodeCategory,
  table: Readonly<Record<Name, unknown>>,
): z.ZodType<Name | CodeSource> {
  const builtIn = namesOf(table);
  return z.union([z.enum(builtIn), marked<CodeSource>({ kind: "code", of, builtIn })]);
}

/** A weight of the user's own code. */
export interface OwnWeight extends CodeSource {
  readonly weight: number;
}

/**
 * A parameter that takes numbers from 0 by name, such as `{ lm: 1, mine: 0.1 }`: names are built in,
 * with a description each, or of the user's own code.
 *
 * @example
 * ```ts
 * import { weightsByName } from "@tvp/pipeline/stage";
 * import { assertEquals } from "@std/assert";
 *
 * const weights = weightsByName("loss", { lm: "weight of the language model's loss" });
 * assertEquals(weights.parse({ lm: 1 }), { lm: 1 }); // another name is one of the file's `lossFolder`
 * ```
 */
export function weightsByName(
  of: CodeCategory,
  builtIn: Readonly<Record<string, string>>,
): z.ZodType<Readonly<Record<string, number | OwnWeight>>> {
  const weight = z.number().min(0);
  const known = Object.entries(builtIn)
    .map(([name, description]) => [name, weight.optional().describe(description)] as const);
  const kind = { kind: "code", of, builtIn: Object.keys(builtIn) } as const;
  return z.object(Object.fromEntries(known)).catchall(weight.describe("weight of one of your own"))
    .transform((given) =>
      Object.fromEntries(
        Object.entries(given).filter(([, value]) => value !== undefined)
          .map(([name, value]) => [
            name,
            name in builtIn ? value : new Slot(kind, name, { weight: value as number }),
          ]),
      )
    ) as unknown as z.ZodType<Readonly<Record<string, number | OwnWeight>>>;
}

/**
 * A parameter that takes a path to a file, relative to the pipeline file; its content is in the key.
 *
 * @example
 * ```ts
 * import { file } from "@tvp/pipeline/stage";
 * import { z } from "zod";
 *
 * const parameters = z.strictObject({ script: file().describe("runs again when it changes") });
 * ```
 */
export function file(): z.ZodType<Artifact> {
  return marked<Artifact>({ kind: "file" });
}

/** Progress of a running stage. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /** `steps`, `images`, … */
  readonly unit: string;
  /** Figures to show, such as `{ loss: 0.71 }`. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** The state of a long stage, saved under its key. */
export interface Checkpoint {
  /**
   * The last saved state, or `undefined` on a fresh start.
   *
   * @param read Reads the state; where it gives `undefined`, the state is refused: the stage begins
   * again, and no event says that it goes on. Default: the bytes as they are.
   */
  load<T = Uint8Array>(read?: (state: Uint8Array) => T | undefined): Promise<T | undefined>;
  /** Whether enough time has passed since the last save, or the run is being interrupted. */
  due(): boolean;
  /** Saves the state atomically. */
  save(state: Uint8Array): Promise<void>;
}

/** The device and versions with which a stage ran its models. */
export interface RuntimeFacts {
  /** `cpu`, `cuda`, `webgpu`: the device that was taken, not the one asked for. */
  readonly provider: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** A device asked for: `auto` takes the best, `cuda:1` the second card, `+tf32` rounds float32 there. */
export type AskedProvider = "auto" | "cpu" | "webgpu" | `cuda${"" | `:${number}`}${"" | "+tf32"}`;

/** The engine's services for a running stage. */
export interface StageContext<O extends string = string> {
  /** The path for an output. It does not exist yet; write a file or make a folder there. */
  output(name: O): string;
  progress(progress: Progress): void;
  /** A line for `tvp logs`. */
  log(line: string): void;
  readonly checkpoint: Checkpoint;
  /** Aborted on SIGINT, SIGTERM, timeout: save a checkpoint, then `throw signal.reason`. */
  readonly signal: AbortSignal;
  /** Device asked for: the provider to hand to `openSession`. */
  readonly provider: AskedProvider;
  /** Call it with each session that was opened: the task's manifest holds the facts. */
  ranOn(facts: RuntimeFacts): void;
  /** Threads per session, from `resources.cpu`. */
  readonly threads: number;
  /** Bytes of memory that the task was given, `resources.memory`; absent if it is not set. */
  readonly memory?: number;
  /** A folder that is kept between tasks of a worker process, for memoised downloads. */
  readonly scratch: string;
}

/**
 * Where a stage runs: in a `worker` process that goes on to other tasks, in a `fresh` one of its own,
 * as measurements of memory need it, or `inline`, in the runner, only where it is trivial.
 */
export type Isolation = "worker" | "fresh" | "inline";

/**
 * What a stage type may do besides reading its inputs and writing its outputs, in Deno's
 * words. `ffi` is native code of packages, such as ONNX Runtime and the decoder of images; `read` and
 * `write` are any file; `run` is any program.
 *
 * @example
 * ```ts
 * import { stagePermissions } from "@tvp/pipeline/stage";
 * import { assert } from "@std/assert";
 *
 * assert(stagePermissions.includes("net"));
 * ```
 */
export const stagePermissions = ["read", "write", "net", "run", "ffi", "all"] as const;

/** One of these permissions. */
export type StagePermission = typeof stagePermissions[number];

/** New names by old ones. */
export interface Renamed {
  /** Of parameters: `{ image: "imageSize" }`. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Of words that a parameter, by its new name, may have: `{ kind: { border: "frame" } }`. */
  readonly words?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A stage type: its parameters, its outputs, and its code. */
export interface StageDefinition<S extends z.ZodType, O extends string> {
  /** As in `uses:`. */
  readonly name: string;
  /** One sentence for `--help` and the JSON Schema. */
  readonly description: string;
  /** Schema of `with`, a strict object; artifact, model, dataset and file parameters are marked. */
  readonly with: S;
  readonly outputs: Readonly<Record<O, ArtifactType>>;
  /** Outputs that depend on the parameters, besides `outputs`. */
  declareOutputs?(parameters: z.output<S>): Readonly<Record<string, ArtifactType>>;
  /** File names in `.tvp/runs/…`, if the output's name and type do not make a good one. */
  readonly files?: Readonly<Partial<Record<O, string>>>;
  /** The parameter whose images its data sets show, in the same size. */
  readonly imagesOf?: string;
  /** @deprecated The old name of `imagesOf`. */
  readonly picturesOf?: string;
  /** Parameters of sizes: `image` must fit in `canvas`, or else in the images of `data`. */
  readonly fits?: { readonly image: string; readonly canvas: string; readonly data: string };
  /** Old names of parameters and of their values. They are read, with a warning. */
  readonly renamed?: Renamed;
  /** Where it runs; `worker` is the default. */
  readonly isolation?: Isolation;
  /** What its process may do beyond its inputs and outputs; nothing by default. */
  readonly permissions?: readonly StagePermission[];
  /** Writes every output to `context.output(name)`. */
  run(parameters: z.output<S>, context: StageContext<O>): Promise<void>;
}

/** Any stage. */
// deno-lint-ignore no-explicit-any
export type Stage = StageDefinition<any, any>;

/**
 * Defines a stage type; the default export of a file in `stages/`.
 *
 * @example
 * ```ts
 * import { z } from "zod";
 * export default defineStage({
 *   name: "greet",
 *   description: "Writes a greeting.",
 *   with: z.strictObject({ name: z.string() }),
 *   outputs: { text: "text" },
 *   async run({ name }, context) {
 *     await Deno.writeTextFile(context.output("text"), `hello ${name}\n`);
 *   },
 * });
 * ```
 */
export function defineStage<S extends z.ZodType, O extends string>(
  definition: StageDefinition<S, O>,
): StageDefinition<S, O> {
  return definition;
}
