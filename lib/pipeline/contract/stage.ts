/**
 * Defines a stage type: the contract between the engine and the code it runs. Stage files import
 * only this file of `lib/pipeline`.
 *
 * @module
 */
import type { z } from "zod";
import type { ArtifactType } from "./parameter_kind.ts";
import type { StageContext } from "./stage_context.ts";

export {
  type ArtifactType,
  artifactTypeMistake,
  artifactTypes,
  type CodeCategory,
  type ParameterKind,
} from "./parameter_kind.ts";
export type {
  AskedProvider,
  Checkpoint,
  Progress,
  RuntimeFacts,
  StageContext,
} from "./stage_context.ts";
export type {
  Artifact,
  CodeSource,
  DataFiles,
  DatasetSource,
  ModelSource,
} from "./stage_inputs.ts";
export {
  artifact,
  builtInOrOwn,
  dataset,
  file,
  model,
  oneOf,
  type OwnWeight,
  parameterKinds,
  weightsByName,
} from "./stage_parameters.ts";

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
  /** Cores of a task whose file says nothing of them; default 2, as ONNX Runtime's threads. */
  readonly cpu?: number;
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
