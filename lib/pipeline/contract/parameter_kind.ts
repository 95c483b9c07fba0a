/** The kinds of stage parameters, and the types of artifacts. @module */

/**
 * All types of artifacts.
 *
 * @example
 * ```ts
 * import { artifactTypes } from "@tvp/pipeline/stage";
 * import { assert } from "@std/assert";
 *
 * assert(artifactTypes.includes("scores"));
 * ```
 */
export const artifactTypes = [
  "dataset",
  "model",
  "prompt",
  "scores",
  "curve",
  "cost",
  "estimate",
  "features",
  "answers",
  "tensor",
  "json",
  "text",
  "file",
  "directory",
] as const;

/**
 * What an artifact holds. A `model`, a `dataset` and a `directory` are folders, the others are single
 * files.
 */
export type ArtifactType = typeof artifactTypes[number];

/**
 * The mistake in the name of an artifact type, or `undefined` if it is valid.
 *
 * @example
 * ```ts
 * import { artifactTypeMistake } from "@tvp/pipeline/stage";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(artifactTypeMistake("text"), undefined);
 * assertEquals(artifactTypeMistake("image")?.split(",")[0], 'there is no artifact type "image"');
 * ```
 */
export function artifactTypeMistake(type: unknown): string | undefined {
  if (artifactTypes.includes(type as ArtifactType)) return undefined;
  return `there is no artifact type ${JSON.stringify(type)}, known types are ${
    artifactTypes.join(", ")
  }`;
}

/** The kinds of a user's own code, besides stage types and data sets. */
export type CodeCategory = "loss" | "prompt-kind";

/** How a parameter is read: the kind of value that replaces the user's text. */
export type ParameterKind =
  | { readonly kind: "artifact"; readonly type: ArtifactType }
  | { readonly kind: "model" }
  | { readonly kind: "dataset" }
  | { readonly kind: "file" }
  | { readonly kind: "code"; readonly of: CodeCategory; readonly builtIn: readonly string[] };
