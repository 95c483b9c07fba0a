/** Describes a stage type for people, from its schema. @module */
import { z } from "zod";
import type { JsonSchema } from "../read/json_schema.ts";
import { codeWords } from "../contract/slot.ts";
import {
  type ArtifactType,
  type ParameterKind,
  parameterKinds,
  type Stage,
  type StagePermission,
} from "../contract/stage.ts";

/** A parameter as it is written in `with`. */
export interface ParameterReference {
  /** `spsa.samples` of a map in it, `variants.NAME.lm` of a map by the user's own names. */
  readonly name: string;
  /** In words: `whole number from 1`. */
  readonly type: string;
  readonly isRequired: boolean;
  /** What holds where it is left out, if that is a value. */
  readonly default?: unknown;
  readonly description: string;
}

/** A stage type for people. */
export interface StageReference {
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly ParameterReference[];
  readonly outputs: readonly { readonly name: string; readonly type: ArtifactType }[];
  readonly permissions: readonly StagePermission[];
}

/** Describes a stage type by its schema. */
export function stageReference(stage: Stage): StageReference {
  const schema = z.toJSONSchema(stage.with as z.ZodType, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const kind = parameterKinds.get(zodSchema as unknown as z.ZodType);
      if (kind !== undefined) Object.assign(jsonSchema, { words: kindWords(kind) });
    },
  }) as JsonSchema;
  const outputs = Object.entries(stage.outputs as Readonly<Record<string, ArtifactType>>);
  return {
    name: stage.name,
    description: stage.description,
    parameters: parametersOf(schema, ""),
    outputs: outputs.map(([name, type]) => ({ name, type })),
    permissions: stage.permissions ?? [],
  };
}

/** Type of a parameter and what holds where it is left out: `whole number from 1; default 16`. */
export function parameterNote({ type, isRequired, default: value }: ParameterReference): string {
  const whether = isRequired
    ? "required"
    : value === undefined || isEmpty(value)
    ? "optional"
    : `default ${typeof value === "string" ? value : JSON.stringify(value)}`;
  return `${type}; ${whether}`;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function kindWords(kind: ParameterKind): string {
  if (kind.kind === "artifact") return kind.type;
  return kind.kind === "code"
    ? `${codeWords[kind.of].replace(/^a /, "")} of your own`
    : kindNames[kind.kind];
}

const kindNames = {
  model: "model",
  dataset: "name of a data set",
  file: "path of a file",
} as const;

/** Properties of a JSON Schema, those of maps in it too, with their types in words. */
export function parametersOf(schema: JsonSchema, prefix: string): ParameterReference[] {
  const required = new Set(schema.required as string[] | undefined);
  return Object.entries(schema.properties as Record<string, JsonSchema> ?? {}).flatMap(
    ([name, property]) => [
      {
        name: `${prefix}${name}`,
        type: typeWords(property),
        isRequired: required.has(name),
        ...(property.default === undefined ? {} : { default: property.default }),
        description: String(property.description ?? ""),
      },
      ...nestedOf(property, `${prefix}${name}.`),
    ],
  );
}

/** Parameters inside of a parameter: of a map, of a map by names, of each entry of a list. */
function nestedOf(schema: JsonSchema, prefix: string): ParameterReference[] {
  const inner = schema.additionalProperties;
  return [
    ...parametersOf(schema, prefix),
    ...(isSchema(inner) && schema.properties === undefined
      ? nestedOf(inner, `${prefix}NAME.`)
      : []),
    ...alternatives(schema).flatMap((each) => nestedOf(each, prefix)),
  ];
}

function typeWords(schema: JsonSchema): string {
  if (schema.words !== undefined) return String(schema.words);
  const options = alternatives(schema);
  if (options.length > 0) return [...new Set(options.map(typeWords))].join(", or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.join(" | ");
  const { type } = schema;
  const words = basicWords[type as keyof typeof basicWords];
  return words === undefined ? "anything" : words(schema);
}

const basicWords = {
  string: () => "text",
  boolean: () => "true | false",
  integer: (schema: JsonSchema) => `whole number${rangeWords(schema)}`,
  number: (schema: JsonSchema) => `number${rangeWords(schema)}`,
  array: ({ items }: JsonSchema) => `list of: ${isSchema(items) ? typeWords(items) : "anything"}`,
  object: ({ properties, additionalProperties: inner }: JsonSchema) =>
    properties !== undefined
      ? "map"
      : `map of names to: ${isSchema(inner) ? typeWords(inner) : "anything"}`,
} as const;

/** The bounds of a double's whole numbers are not shown as bounds. */
function rangeWords(schema: JsonSchema): string {
  const bound = (name: string) => {
    const value = schema[name];
    return typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER
      ? value
      : undefined;
  };
  const [from, above, to] = ["minimum", "exclusiveMinimum", "maximum"].map(bound);
  const parts = [
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(to === undefined ? [] : [`to ${to}`]),
  ];
  return parts.length === 0 ? "" : ` ${parts.join(" ")}`;
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  return [...((schema.anyOf ?? schema.oneOf ?? []) as JsonSchema[])];
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null;
}
