/** Replaces names by contents: for a task's key, and for its stage. @module */
import { canonicalJson, sha256 } from "../contract/canonical.ts";
import type { Digest, Json, Key, KeyPreimage } from "../contract/key.ts";
import type { HiddenValues } from "../contract/hidden_values.ts";
import type { Task } from "./plan.ts";
import { Reference, Slot, sourceKey } from "../contract/slot.ts";
import type { Artifact, DatasetSource, ModelSource, ParameterKind } from "../contract/stage.ts";
import type { StoreHit } from "../contract/store.ts";

/** What a name represents. */
export type Source = Artifact | ModelSource | DatasetSource;

/** Opens models, data sets, files and artifacts by the name or path that the user wrote; each once. */
export interface SourceResolver {
  open(kind: ParameterKind, name: string): Promise<Source>;
  /** Name of a model that came as an artifact. */
  nameModel(artifact: Artifact, reference: string): string;
}

/** Outputs of a task that is done. */
export type OutputsOf = (task: number) => Readonly<Record<string, Artifact>>;

/** What a stored task gives to others: its artifacts, and on what they were computed. */
export function outputsOf({ outputs, manifest }: StoreHit): Readonly<Record<string, Artifact>> {
  const { provider } = manifest.host;
  if (provider === undefined) return outputs;
  return Object.fromEntries(
    Object.entries(outputs).map(([name, artifact]) => [name, { ...artifact, provider }]),
  );
}

/** A task with all its inputs known. */
export interface ResolvedTask {
  readonly key: Key;
  readonly preimage: KeyPreimage;
  /** For `Job.parameters`. */
  readonly parameters: Json;
}

/** What goes into a key beside the task itself. */
export interface KeyContext {
  readonly resolver: SourceResolver;
  readonly outputsOf: OutputsOf;
  readonly codeOf: (module: string) => Promise<Digest>;
  /** Values that must not be in a key. */
  readonly hidden?: HiddenValues;
  /** With `--strict-provider`. */
  readonly provider?: string;
}

/** Replaces names and references by contents and computes the key. */
export async function resolveTask(task: Task, context: KeyContext): Promise<ResolvedTask> {
  const sources = new Map<string, Source>();
  for (const slot of namesIn(task.slots)) {
    sources.set(nameKey(slot), await context.resolver.open(slot.kind, slot.value as string));
  }
  const { hidden } = context;
  const hide = hidden === undefined || hidden.isEmpty
    ? undefined
    : (text: string) => hidden.hide(text);
  const forKey = (slot: Slot | Reference) => digestOf(slot, sources, context.outputsOf);
  const forStage = (slot: Slot | Reference) => contentOf(slot, sources, context);
  const preimage: KeyPreimage = {
    format: 1,
    stage: task.definition.name,
    code: await context.codeOf(task.module),
    parameters: fill(task.parameters, forKey, hide),
    environment: fill(task.environment, forKey, hide) as Record<string, string>,
    ...(context.provider === undefined ? {} : { provider: context.provider }),
  };
  // A task without slots gets what its key has, unless something is hidden there.
  const isSame = task.slots.length === 0 && hide === undefined;
  const parameters = isSame ? preimage.parameters : fill(task.parameters, forStage);
  return { key: keyOf(preimage), preimage, parameters };
}

/**
 * sha256 of the canonical JSON of a preimage.
 *
 * @example
 * ```ts
 * import { keyOf, type KeyPreimage } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const preimage = {
 *   format: 1,
 *   stage: "noop",
 *   code: "0".repeat(64) as KeyPreimage["code"],
 *   parameters: { a: 1, b: 2 },
 *   environment: {},
 * } satisfies KeyPreimage;
 * // The order of names does not matter.
 * assertEquals(keyOf(preimage), keyOf({ ...preimage, parameters: { b: 2, a: 1 } }));
 * ```
 */
export function keyOf(preimage: KeyPreimage): Key {
  return sha256(canonicalJson(preimage)) as Key;
}

/** Models, data sets, files and code that are given by name. */
export function namesIn(slots: Task["slots"]): Slot[] {
  return slots.filter((slot) => slot instanceof Slot)
    .filter(({ value }) => typeof value === "string");
}

function nameKey(slot: Slot): string {
  return sourceKey(slot.kind, slot.value as string);
}

function artifactOf(reference: Reference, outputsOf: OutputsOf): Artifact {
  const artifact = outputsOf(reference.task.index)[reference.output!];
  if (!artifact) throw new RangeError(`Cannot resolve ${reference}: its task has no such output`);
  return artifact;
}

/**
 * A model, data set or file counts by its content, so a model that came as an artifact has the same
 * key as the one it is equal to.
 */
function digestOf(
  slot: Slot | Reference,
  sources: ReadonlyMap<string, Source>,
  outputsOf: OutputsOf,
): Json {
  const value = slot instanceof Slot ? slot.value : slot;
  const kind = slot instanceof Slot ? slot.kind.kind : "artifact";
  const digest = typeof value === "string"
    ? sources.get(nameKey(slot as Slot))!.digest
    : artifactOf(value, outputsOf).digest;
  return { [`$${kind}`]: digest, ...(slot instanceof Slot ? slot.beside : {}) };
}

function contentOf(
  slot: Slot | Reference,
  sources: ReadonlyMap<string, Source>,
  context: KeyContext,
): Json {
  const value = slot instanceof Slot ? slot.value : slot;
  if (typeof value === "string") {
    const source = sources.get(nameKey(slot as Slot))! as unknown as Record<string, Json>;
    return { ...source, ...(slot as Slot).beside };
  }
  const artifact = artifactOf(value, context.outputsOf);
  if (!(slot instanceof Slot) || slot.kind.kind !== "model") return artifact as unknown as Json;
  const name = context.resolver.nameModel(artifact, modelName(value));
  return { name, digest: artifact.digest, path: artifact.path };
}

/** The task is name enough for the only model that it makes. */
function modelName(reference: Reference): string {
  const models = Object.values(reference.task.outputs).filter((type) => type === "model");
  return models.length === 1 ? reference.task.id : reference.toString();
}

/** A copy of checked parameters as JSON, with slots filled. */
function fill(
  value: unknown,
  slot: (slot: Slot | Reference) => Json,
  text?: (text: string) => string,
): Json {
  if (value instanceof Slot || value instanceof Reference) return slot(value);
  if (typeof value === "string") return text === undefined ? value : text(value);
  if (Array.isArray(value)) return value.map((item) => fill(item, slot, text));
  if (typeof value !== "object" || value === null) return value as Json;
  const filled: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) filled[key] = fill(item, slot, text);
  }
  return filled;
}
