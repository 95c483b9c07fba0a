/** Schemas of the parameters of stages that name artifacts, models, data sets, files and code. @module */
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
import type { Artifact, CodeSource, DatasetSource, ModelSource } from "./stage_inputs.ts";

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
