/**
 * The intermediate representation of an ONNX model. It mirrors onnx.proto (IR version 4 and later),
 * is immutable, and keeps weights as references: a pass copies what it changes and shares the rest.
 *
 * @module
 */
import type { ElementType } from "./data_type.ts";

/** A dimension: its size, or the name of a symbol. A name that starts with `?` is unknown and equal to nothing but itself. */
export type Dim = number | string;

/** Type of a tensor value; `dims` is absent where not even the rank is known. */
export interface TensorType {
  readonly kind: "tensor";
  readonly dtype: ElementType;
  readonly dims?: readonly Dim[];
}

/** Type of a sequence or optional value. */
export interface ContainerType {
  readonly kind: "sequence" | "optional";
  readonly element: ValueType;
}

/** Type of a value of which nothing is declared, as the outputs of a subgraph may be. */
export interface UnknownType {
  readonly kind: "unknown";
}

/** Type of any value. */
export type ValueType = TensorType | ContainerType | UnknownType;

/** A named value with its type: a graph input or output. */
export interface ValueInfo {
  readonly name: string;
  readonly type: ValueType;
}

/**
 * What a weight holds: bytes in memory (a view, little endian), a range of a file beside the model, or
 * texts.
 */
export type WeightData =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | {
    readonly kind: "external";
    /** Absolute path of the folder that holds the model file. */
    readonly directory: string;
    /** Path relative to `directory`, as in the model file. */
    readonly location: string;
    readonly offset: number;
    readonly length: number;
  }
  | { readonly kind: "text"; readonly texts: readonly Uint8Array[] };

/** A constant tensor of a graph: an initializer or a tensor attribute. */
export interface Weight {
  readonly dtype: ElementType;
  readonly dims: readonly number[];
  readonly data: WeightData;
}

/** An attribute of a node. `ref` names an attribute of the enclosing function. */
export type Attribute =
  | { readonly type: "int"; readonly value: number }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "tensor"; readonly value: Weight }
  | { readonly type: "graph"; readonly value: Graph }
  | { readonly type: "ints"; readonly value: readonly number[] }
  | { readonly type: "floats"; readonly value: readonly number[] }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "tensors"; readonly value: readonly Weight[] }
  | { readonly type: "graphs"; readonly value: readonly Graph[] }
  | { readonly type: "type"; readonly value: ValueType }
  | { readonly type: "ref"; readonly value: string; readonly refType: number };

/** A node. An absent optional input or output is the empty string. `domain` is "" for ai.onnx. */
export interface Node {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A graph; nodes are in topological order. */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlyMap<string, Weight>;
  /** Types of inner values, where declared or inferred. */
  readonly values: ReadonlyMap<string, ValueType>;
}

/** A model-local function. */
export interface FunctionDef {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly string[];
  readonly attributeDefaults: Readonly<Record<string, Attribute>>;
  readonly nodes: readonly Node[];
  readonly opsets: Readonly<Record<string, number>>;
}

/** A model: a graph, the operator sets it is written in, and its local functions. */
export interface Model {
  readonly irVersion: number;
  /** Version of the default operator set, ai.onnx. */
  readonly opset: number;
  /** Versions of the other operator sets by domain, such as `com.microsoft`. */
  readonly domains: Readonly<Record<string, number>>;
  readonly graph: Graph;
  readonly functions: readonly FunctionDef[];
  readonly metadata: Readonly<Record<string, string>>;
}
