/**
 * Defines a gradient rule, and constructors for families of rules. A rule sees one node of a model
 * of opset 18 or later and builds, with ops that mean the same in opsets 18 to 23, the gradients of
 * its inputs from those of its outputs. "No gradient" is `undefined`, never a tensor of zeros.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Model, Node } from "../../onnx/ir/model.ts";

/** What a gradient rule can use while it builds. */
export interface GradContext {
  /** Appends to the graph that already holds every node of the forward pass. */
  readonly builder: GraphBuilder;
  /** Gradient of each output; `undefined` where the output does not influence the result. */
  readonly outputGrads: readonly (Value | undefined)[];
  /** Whether the gradient of this input is wanted; a rule need not build the others. */
  needs(input: number): boolean;
  /** Nodes of the forward pass that read a value. */
  consumers(value: Value): readonly Node[];
  /** Differentiates a separate graph, such as a branch, as `addGradients` does. */
  differentiate(
    model: Model,
    options: { readonly cotangents: readonly string[]; readonly wrt: readonly string[] },
  ): Model;
}

/** Gradient per input, `undefined` for none; a shorter list leaves the rest without gradient. */
export type InputGrads = readonly (Value | undefined)[];

/** Builds the gradients of a node's inputs. */
export interface GradRule {
  (node: Node, context: GradContext): InputGrads;
  /**
   * The op broadcasts its inputs and the rule returns gradients of the shape of the output: the
   * walk sums them to the shape of each input, at run time where the shapes are symbolic.
   */
  readonly broadcasts?: boolean;
  /** The rule reads this many outputs of the node: absent optional ones are asked for beforehand. */
  readonly readsOutputs?: number | ((node: Node) => number);
}

/**
 * Rewrites a node into ops that have rules (or decompositions): returns the values that represent
 * the node's outputs, `""` for an output that nobody reads.
 */
export type Decomposition = (node: Node, builder: GraphBuilder) => readonly Value[];

/** Rules by op: `MatMul`, or `com.microsoft.FusedMatMul` outside the default domain. */
export type GradRules = Readonly<Record<string, GradRule>>;

/** Decompositions by op, named as in {@link GradRules}. */
export type Decompositions = Readonly<Record<string, Decomposition>>;

/** Name of an op in the tables: the domain is left out if it is the default one. */
export function opKey(node: Pick<Node, "opType" | "domain">): string {
  const domain = node.domain === "ai.onnx" ? "" : node.domain;
  return domain === "" ? node.opType : `${domain}.${node.opType}`;
}

/** What the shorter rules get: the gradient of the first output, and the node's first values. */
export interface UnaryArgs {
  readonly b: GraphBuilder;
  readonly node: Node;
  /** Gradient of the output. */
  readonly g: Value;
  /** The input. */
  readonly x: Value;
  /** The output. */
  readonly y: Value;
}

/** Arguments of a rule of two inputs. */
export interface BinaryArgs {
  readonly b: GraphBuilder;
  readonly node: Node;
  readonly g: Value;
  readonly x: Value;
  /** The second input. */
  readonly z: Value;
  /** The output. */
  readonly y: Value;
}

/** Rule of an op with one differentiable input, the first, and one output. */
export function unary(grad: (args: UnaryArgs) => Value | undefined): GradRule {
  return (node, { builder: b, outputGrads: [g], needs }) =>
    g === undefined || !needs(0)
      ? []
      : [grad({ b, node, g, x: node.inputs[0]!, y: node.outputs[0]! })];
}

/** Rule of a broadcasting op of two inputs; each side is built only if it is needed. */
export function binary(
  left: (args: BinaryArgs) => Value | undefined,
  right: (args: BinaryArgs) => Value | undefined,
): GradRule {
  return elementwise((node, { builder: b, outputGrads: [g], needs }) => {
    if (g === undefined) return [];
    const args = { b, node, g, x: node.inputs[0]!, z: node.inputs[1]!, y: node.outputs[0]! };
    return [needs(0) ? left(args) : undefined, needs(1) ? right(args) : undefined];
  });
}

/** Marks a rule whose gradients have the shape of the output and are summed back by the walk. */
export function elementwise(rule: (node: Node, context: GradContext) => InputGrads): GradRule {
  return Object.assign((node: Node, context: GradContext) => rule(node, context), {
    broadcasts: true,
  });
}

/**
 * Rule of an op that is linear in its first input: states only the transposed map. The other
 * inputs (shapes, axes, indices) carry no gradient.
 */
export function linear(transposed: (args: UnaryArgs) => Value): GradRule {
  return unary(transposed);
}

/** Rule of an op whose derivative is zero wherever it exists (Floor, Sign, Shape, …). */
export const piecewiseConstant: GradRule = () => [];
