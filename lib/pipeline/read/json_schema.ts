/** The JSON Schema of pipeline files, from the schema that checks them. @module */
import { z } from "zod";
import { describeKind, takesMap } from "../contract/slot.ts";
import { pipelineSpec, stageSpec } from "./spec.ts";
import { parameterKinds, type Renamed, type Stage } from "../contract/stage.ts";

/** A JSON Schema. */
export type JsonSchema = Record<string, unknown>;

/** A text that holds a reference. */
const reference: JsonSchema = { type: "string", pattern: "\\$\\{\\{.*\\}\\}" };

/**
 * JSON Schema of a pipeline file whose stages are of the given types.
 *
 * @example
 * ```ts
 * import { defineStage, pipelineJsonSchema } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 * import { z } from "zod";
 *
 * const greet = defineStage({
 *   name: "greet",
 *   description: "Writes a greeting.",
 *   with: z.strictObject({ name: z.string() }),
 *   outputs: { text: "text" },
 *   run: (_parameters, _context) => Promise.resolve(),
 * });
 * assertEquals(pipelineJsonSchema([greet]).title, "Pipeline");
 * ```
 */
export function pipelineJsonSchema(stages: readonly Stage[]): JsonSchema {
  const schema = toJsonSchema(pipelineSpec);
  const entry = toJsonSchema(stageSpec);
  delete entry.$schema;
  const known = [...stages].sort((a, b) => a.name < b.name ? -1 : 1);
  const properties = entry.properties as Record<string, JsonSchema>;
  properties.uses = {
    ...properties.uses,
    examples: known.map((stage) => stage.name),
  };
  entry.allOf = known.map((stage) => ({
    if: { properties: { uses: { const: stage.name } }, required: ["uses"] },
    then: { properties: { with: parametersSchema(stage) } },
  }));
  const stagesSchema = (schema.properties as Record<string, JsonSchema>).stages!;
  stagesSchema.additionalProperties = { $ref: "#/$defs/stage" };
  // An included file has no name, and a file that includes others may have no stages of its own.
  delete schema.required;
  return { ...schema, title: "Pipeline", $defs: { stage: entry } };
}

/** Schema of `with` of a stage type. */
function parametersSchema(stage: Stage): JsonSchema {
  const schema = withReferences(toJsonSchema(stage.with)) as JsonSchema;
  delete schema.$schema;
  return { ...withOldNames(schema, stage.renamed), description: stage.description };
}

/** It has the old names too, marked as deprecated. */
function withOldNames(schema: JsonSchema, renamed: Renamed | undefined): JsonSchema {
  if (renamed === undefined) return schema;
  const properties = { ...schema.properties as Record<string, JsonSchema> };
  for (const [name, words] of Object.entries(renamed.words ?? {})) {
    const { anyOf, ...rest } = properties[name]!;
    const old = Object.keys(words).map((word) => ({ const: word, deprecated: true }));
    properties[name] = { ...rest, anyOf: [...anyOf as JsonSchema[], ...old] };
  }
  for (const [before, after] of Object.entries(renamed.parameters ?? {})) {
    properties[before] = { ...properties[after]!, deprecated: true };
  }
  return { ...schema, properties };
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const kind = parameterKinds.get(zodSchema as unknown as z.ZodType);
      if (!kind) return;
      const type = takesMap(kind) ? ["string", "object"] : "string";
      Object.assign(jsonSchema, { type, description: describeKind(kind) });
    },
  }) as JsonSchema;
}

/** Any value may be given by a reference instead. */
function withReferences(schema: unknown, top = true): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  const source = schema as JsonSchema;
  const copy: JsonSchema = { ...source };
  for (const key of ["properties", "patternProperties"]) {
    if (typeof source[key] !== "object") continue;
    copy[key] = Object.fromEntries(
      Object.entries(source[key] as JsonSchema).map((
        [name, value],
      ) => [name, withReferences(value, false)]),
    );
  }
  for (const key of ["items", "additionalProperties"]) {
    if (typeof source[key] === "object") copy[key] = withReferences(source[key], false);
  }
  if (Array.isArray(source.anyOf)) {
    copy.anyOf = source.anyOf.map((branch) => withReferences(branch));
  }
  if (top || !("type" in source || "anyOf" in source || "enum" in source || "const" in source)) {
    return copy;
  }
  if (source.type === "string" && !("enum" in source || "const" in source || "pattern" in source)) {
    return copy;
  }
  const { description, default: fallback, ...rest } = copy;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [rest, reference],
  };
}
