/** Short ways to write attributes. @module */
import type { Attribute } from "./model.ts";

/** An attribute, or an integer, integers or a string; see {@linkcode float} and {@linkcode floats}. */
export type AttributeInput = Attribute | number | readonly number[] | string;

/**
 * A float attribute; a bare number is an integer one.
 *
 * @example
 * ```ts
 * import { float, GraphBuilder } from "@tvp/pipeline/onnx";
 *
 * const b = new GraphBuilder();
 * const x = b.input("x", "float32", ["n"]);
 * b.output(b.op("LeakyRelu", [x], { alpha: float(0.1) }), "y");
 * ```
 */
export function float(value: number): Attribute {
  return { type: "float", value };
}

/**
 * A floats attribute; a bare list is one of integers.
 *
 * @example
 * ```ts
 * import { floats, GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const value = b.op("Constant", [], { value_floats: floats([0.5, 2]) });
 * assertEquals(b.dims(value), [2]);
 * ```
 */
export function floats(value: readonly number[]): Attribute {
  return { type: "floats", value };
}

/**
 * Attributes from their short forms.
 *
 * @throws {TypeError} If a bare number is not an integer.
 */
export function toAttributes(
  inputs: Readonly<Record<string, AttributeInput>>,
): Record<string, Attribute> {
  const attributes: Record<string, Attribute> = {};
  for (const [name, input] of Object.entries(inputs)) attributes[name] = toAttribute(name, input);
  return attributes;
}

function toAttribute(name: string, input: AttributeInput): Attribute {
  if (typeof input === "string") return { type: "string", value: input };
  if (typeof input === "number") return { type: "int", value: integer(name, input) };
  if (isList(input)) return { type: "ints", value: input.map((v) => integer(name, v)) };
  return input;
}

function isList(input: Attribute | readonly number[]): input is readonly number[] {
  return Array.isArray(input);
}

function integer(name: string, value: number): number {
  if (!Number.isInteger(value)) {
    throw new TypeError(
      `Cannot make attribute "${name}": a bare number is an integer, got ${value}; use float() or floats()`,
    );
  }
  return value;
}
