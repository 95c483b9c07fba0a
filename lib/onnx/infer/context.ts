/** The view that an inference rule has of a node and its inputs. @module */
import type { ElementType } from "../ir/data_type.ts";
import type { Attribute, Dim, Node, TensorType, ValueType, Weight } from "../ir/model.ts";
import { type Known, numbersOf } from "./known.ts";

/** Types of the outputs of a node; undefined where nothing can be said. */
export type OutputTypes = readonly (ValueType | undefined)[];

/** Types and known elements of values in scope. */
export interface Scope {
  type(value: string): ValueType | undefined;
  known(value: string): Known | undefined;
  /** Infers a subgraph of the node whose inputs have these types; gives the types of its outputs. */
  subgraph(node: Node, attribute: string, inputs: OutputTypes): OutputTypes;
}

/** How the types of an operator's outputs follow from its inputs. */
export type InferRule = (context: NodeContext) => OutputTypes;

/** How known elements of an operator's outputs follow from those of its inputs. */
export type EvaluateRule = (context: NodeContext) => readonly (Known | undefined)[] | undefined;

/** What is known of an operator. */
export interface OpRow {
  readonly infer: InferRule;
  readonly evaluate?: EvaluateRule;
}

type AttributeValues = { [A in Attribute as A["type"]]: A["value"] };

/** A tensor type; undefined if the element type is. */
export function typed(
  dtype: ElementType | undefined,
  dims?: readonly Dim[],
): TensorType | undefined {
  if (dtype === undefined) return undefined;
  return dims === undefined ? { kind: "tensor", dtype } : { kind: "tensor", dtype, dims };
}

/** A node with accessors for its attributes and for what is known of its inputs. */
export class NodeContext {
  readonly node: Node;
  readonly opset: number;
  readonly #scope: Scope;

  constructor(node: Node, opset: number, scope: Scope) {
    this.node = node;
    this.opset = opset;
    this.#scope = scope;
  }

  get inputCount(): number {
    return this.node.inputs.length;
  }

  has(input: number): boolean {
    return (this.node.inputs[input] ?? "") !== "";
  }

  valueType(input: number): ValueType | undefined {
    const name = this.node.inputs[input];
    return name ? this.#scope.type(name) : undefined;
  }

  type(input: number): TensorType | undefined {
    const type = this.valueType(input);
    return type?.kind === "tensor" ? type : undefined;
  }

  dtype(input: number): ElementType | undefined {
    return this.type(input)?.dtype;
  }

  dims(input: number): readonly Dim[] | undefined {
    return this.type(input)?.dims;
  }

  rank(input: number): number | undefined {
    return this.dims(input)?.length;
  }

  known(input: number): Known | undefined {
    const name = this.node.inputs[input];
    return name ? this.#scope.known(name) : undefined;
  }

  /** Elements of an input as numbers, if all are known. */
  numbers(input: number): readonly number[] | undefined {
    return numbersOf(this.known(input));
  }

  attribute<T extends Attribute["type"]>(name: string, type: T): AttributeValues[T] | undefined {
    const attribute = this.node.attributes[name];
    return attribute?.type === type ? attribute.value as AttributeValues[T] : undefined;
  }

  int(name: string, otherwise: number): number {
    return this.attribute(name, "int") ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.attribute(name, "float") ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    return this.attribute(name, "string") ?? otherwise;
  }

  ints(name: string): readonly number[] | undefined {
    return this.attribute(name, "ints");
  }

  tensor(name: string): Weight | undefined {
    return this.attribute(name, "tensor");
  }

  /** Integers that are an attribute in old operator sets and an input in new ones. */
  intsOrInput(name: string, input: number): readonly number[] | undefined {
    return this.ints(name) ?? this.numbers(input);
  }

  subgraph(attribute: string, inputs: OutputTypes): OutputTypes {
    return this.#scope.subgraph(this.node, attribute, inputs);
  }
}
