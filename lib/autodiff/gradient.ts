/**
 * Differentiates ONNX models into ONNX models, in reverse mode. The walk knows no op: the rule
 * table holds the gradient of each op, and `activity.ts` finds the nodes that lie on a path.
 *
 * @module
 */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import { checkStructure } from "../onnx/infer/check.ts";
import type { Dim, Model, Node } from "../onnx/ir/model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { sumOf } from "./engine/accumulate.ts";
import { type AddedNames, cotangentNames, gradientNames } from "./engine/added_names.ts";
import { constantLike, scale, shapeOf, zerosLike } from "./engine/expressions.ts";
import { explained, unsuitableTypes } from "./engine/explain.ts";
import { type Activity, isDifferentiable } from "./engine/activity.ts";
import { valuesRead } from "../onnx/ir/values_read.ts";
import { type GradientRequest, prepare, type Prepared } from "./passes/prepare.ts";
import { type ZeroGradient, zeroGradient } from "./passes/zero_gradient.ts";
import { inputsToWeights, weightsToInputs } from "./passes/weight_inputs.ts";
import {
  lostStraightThrough,
  packedActivations,
  quantizedActivations,
} from "./passes/quantized_activations.ts";
import { refusedOps } from "./table/refused_ops.ts";
import { refuseAll, requestedModel, wrongNames } from "./engine/request.ts";
import { type GradContext, opKey } from "./engine/rule.ts";
import { keepAll, recomputeBlocks } from "./passes/rematerialize.ts";
import type { RuleLookup, RuleTable } from "./table/rule_table.ts";
import { unbroadcast } from "./engine/unbroadcast.ts";

/** Options of {@linkcode addGradients}. */
export interface GradientOptions {
  /** An output; the sum of its elements is differentiated. */
  readonly of?: string;
  /**
   * Outputs that each get a graph input `ct.<output>`: a cotangent of the output's shape. Where the
   * model has a value of this name, the input is `ct.ct.<output>`.
   */
  readonly cotangents?: readonly string[];
  /** Graph inputs or initializers. */
  readonly wrt: readonly string[];
  /** Sizes of symbolic dimensions of the inputs: the gradient graph is built for these alone. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Rules and decompositions that extend or replace `defaultRules`. */
  readonly rules?: RuleTable;
  /**
   * Lets the rounding of activations to integers count as the identity (Bengio et al. 2013), so that
   * models with quantised activations have a gradient; without it they are refused.
   */
  readonly straightThrough?: boolean;
  /**
   * `float32`: a model with 16-bit weights computes in float32 between its inputs and outputs. Runtimes
   * that have no 16-bit arithmetic do so anyway, but round after each node. Defaults to `model`.
   */
  readonly precision?: "model" | "float32";
  /**
   * `blocks` computes the inner values of a block, such as a layer of a transformer, again in the
   * backward pass instead of keeping them: less memory, more time. Default `none`.
   */
  readonly rematerialize?: "none" | "blocks";
  /**
   * Multiplies gradients of `of` on their way back and divides the results by it, so that small ones
   * do not vanish in 16-bit floats. A power of two changes no digit otherwise. Default 1.
   */
  readonly scale?: number;
}

/**
 * Adds gradients to a model: it keeps its outputs and gets an output `grad.<name>` for each name in
 * `wrt`, of that value's shape and type; zeros if the value has no influence. Used again on its own
 * output, `{ cotangents: ["grad.x"], wrt: ["x"] }`, it adds `grad.grad.x`: the product of the Hessian
 * and the vector `ct.grad.x`.
 *
 * @throws {DiagnosticError} If the model is invalid, if a name is unknown, if an op on the path has no gradient rule, or if the
 * type of a value that a rule asks for is not known.
 *
 * @example
 * ```ts
 * import { addGradients } from "@tvp/pipeline/autodiff";
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Exp", [b.input("x", "float32", ["n"])]), "y");
 * const step = addGradients(b.finish(), { of: "y", wrt: ["x"] });
 * assertEquals(step.graph.outputs.map((output) => output.name), ["y", "grad.x"]);
 * ```
 */
export function addGradients(model: Model, options: GradientOptions): Model {
  return differentiateModel(model, options).model;
}

/** A model with gradients, and what was added to it. */
export interface DifferentiatedModel {
  readonly model: Model;
  /** Outputs that hold gradients, by the names in `wrt`. */
  readonly gradients: AddedNames;
  /** Inputs for cotangents, by the outputs in `cotangents`. */
  readonly cotangents: AddedNames;
  /** Gradients that are zero whatever the inputs are. */
  readonly zeros: readonly ZeroGradient[];
}

/** Does what {@linkcode addGradients} does, and says what it added. @throws as that does. */
export function differentiateModel(model: Model, options: GradientOptions): DifferentiatedModel {
  const { wrt } = options;
  const targets = options.cotangents ?? (options.of === undefined ? [] : [options.of]);
  refuseAll(invalidities(model));
  refuseAll(wrongNames(model, options));
  const request = { ...options, targets };
  const asked = requestedModel(model, options);
  const prepared = prepare(weightsToInputs(asked, wrt), request);
  refuseAll(obstacles(prepared, request));
  const gradients = gradientNames(model, wrt);
  const cotangents = cotangentNames(model, options.cotangents ?? []);
  const builder = new GraphBuilder({ model: prepared.model, prefix: "grad" });
  refuseAll(unsuitableTypes(builder, [...targets, ...wrt]));
  const adjoints = seed(builder, prepared.path, cotangents, request);
  walkBack(builder, prepared, adjoints, request);
  const zeros: ZeroGradient[] = [];
  for (const [name, output] of gradients) {
    const grad = total(builder, adjoints, name);
    if (grad === undefined) zeros.push(zeroGradient(prepared, name, targets));
    const value = grad ?? zerosLike(builder, name);
    builder.output(scale(builder, value, 1 / (options.scale ?? 1)), output);
  }
  const pruned = inputsToWeights(pruneModel(builder.finish()), asked, wrt);
  return { model: pruned, gradients, cotangents, zeros };
}

/**
 * Lists the nodes that block a gradient, one diagnostic each. Without options: on any
 * path from a float input to a float output.
 *
 * @throws {DiagnosticError} If the model is invalid.
 *
 * @example
 * ```ts
 * import { unsupportedNodes } from "@tvp/pipeline/autodiff";
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Acme", [b.input("x", "float32", ["n"])], {}, "com.acme"), "y");
 * const [diagnostic] = unsupportedNodes(b.finish(), { of: "y", wrt: ["x"] });
 * assertEquals(diagnostic?.code, "no-gradient-rule");
 * ```
 */
export function unsupportedNodes(
  model: Model,
  options: Partial<GradientOptions> = {},
): readonly Diagnostic[] {
  const { graph } = model;
  const floats = (values: typeof graph.inputs) =>
    values.filter(({ type }) => isDifferentiable(type)).map(({ name }) => name);
  const wrt = options.wrt ?? floats(graph.inputs);
  const targets = options.cotangents ?? (options.of ? [options.of] : floats(graph.outputs));
  refuseAll(invalidities(model));
  const request = { ...options, wrt, targets };
  const asked = requestedModel(model, request);
  return obstacles(prepare(weightsToInputs(asked, wrt), request), request);
}

/** What makes the model none; what its ops mean, rules may know better than the table of operators. */
function invalidities(model: Model): Diagnostic[] {
  return checkStructure(model).filter(({ code, severity }) =>
    severity === "error" && code !== "unknown-operator"
  );
}

/** Nodes that block the gradient: without a rule, or with a derivative that carries no information. */
function obstacles(
  prepared: Prepared,
  { wrt, targets, straightThrough }: GradientRequest,
): Diagnostic[] {
  const { model, path, lookup, whole } = prepared;
  const route = { wrt, targets, stops: (node: Node) => lookup.stops(node) };
  const packed = packedActivations(whole, route);
  const rounded = () =>
    straightThrough ? lostStraightThrough(model, path, route) : quantizedActivations(whole, route);
  return [...missingRules(model, path, lookup), ...(packed.length > 0 ? packed : rounded())];
}

/** One diagnostic per node on the path that has no rule. */
function missingRules(model: Model, path: Activity, lookup: RuleLookup): Diagnostic[] {
  return path.nodes.filter((node) => lookup.rule(node) === undefined).map((node) => {
    const key = opKey(node);
    const reason = Object.hasOwn(refusedOps, key) ? refusedOps[key] : undefined;
    return {
      code: "no-gradient-rule",
      severity: "error",
      message: `Cannot differentiate node "${node.name || node.outputs[0]}": ${node.opType} ` +
        `(domain "${node.domain || "ai.onnx"}", opset ${opsetOf(model, node)}) ` +
        `has no gradient rule${reason === undefined ? "" : `: ${reason}`}`,
      notes: [
        `In a program: give a rule or a decomposition for "${
          opKey(node)
        }" in the option \`rules\` of addGradients`,
        reason === undefined
          ? "Or export the model with an opset whose ops have rules"
          : "Or export the model without this op: again from the framework, or before its optimisation",
      ],
    };
  });
}

function opsetOf(model: Model, { domain }: Node): number | string {
  return domain === "" || domain === "ai.onnx" ? model.opset : model.domains[domain] ?? "unknown";
}

/** Contributions to the gradient of each value, added up when they are read. */
type Adjoints = Map<string, Value[]>;

function seed(
  b: GraphBuilder,
  path: Activity,
  cotangents: AddedNames,
  { targets, scale: factor = 1 }: GradientRequest & Pick<GradientOptions, "scale">,
): Adjoints {
  const adjoints: Adjoints = new Map();
  for (const name of targets) {
    const given = cotangents.get(name);
    // A cotangent is an input of the result whether or not it matters.
    const value = given === undefined
      ? fullLike(b, name, factor)
      : b.input(given, b.dtype(name), b.dims(name));
    if (path.values.has(name)) adjoints.set(name, [value]);
  }
  return adjoints;
}

function fullLike(b: GraphBuilder, y: Value, number: number): Value {
  const one = constantLike(b, y, number);
  return b.rank(y) === 0 ? one : b.op("Expand", [one, shapeOf(b, y)]);
}

/** The gradient of a value: the sum of its contributions, `undefined` if there are none. */
function total(b: GraphBuilder, adjoints: Adjoints, name: string): Value | undefined {
  const parts = adjoints.get(name);
  if (parts === undefined || parts.length < 2) return parts?.[0];
  const sum = sumOf(b, parts);
  adjoints.set(name, [sum]);
  return sum;
}

/** Visits the path from its end, turning gradients of outputs into gradients of inputs. */
function walkBack(
  b: GraphBuilder,
  { model, path, lookup }: Prepared,
  adjoints: Adjoints,
  { rules, straightThrough, rematerialize }: Omit<GradientOptions, "wrt">,
): void {
  const readers = readersOf(model);
  const blocks = rematerialize === "blocks" ? recomputeBlocks(b, model, path) : keepAll;
  const consumers = (value: Value) =>
    (readers.get(blocks.original(value)) ?? []).map((node) => blocks.local(node, []));
  const differentiate: GradContext["differentiate"] = (branch, wanted) =>
    addGradients(branch, {
      ...wanted,
      ...(rules ? { rules } : {}),
      ...(straightThrough ? { straightThrough } : {}),
    });
  for (const node of path.nodes.toReversed()) {
    const outputGrads = node.outputs.map((name) => total(b, adjoints, name));
    if (outputGrads.every((g) => g === undefined)) continue;
    const read = valuesRead(node);
    const needs = (input: number) => path.values.has(read[input] ?? "");
    const rule = lookup.rule(node)!;
    const context = { builder: b, outputGrads, needs, consumers, differentiate };
    const local = blocks.local(node, outputGrads);
    explained(node, b, () =>
      rule(local, context).forEach((grad, i) => {
        const input = read[i];
        if (grad === undefined || !input || !needs(i)) return;
        const fitted = rule.broadcasts === true ? unbroadcast(b, grad, input) : grad;
        checkShape(b, node, fitted, input);
        append(adjoints, input, fitted);
      }), lookup.isOwn(node));
  }
}

/** A rule whose gradient cannot have the shape of its input is wrong. */
function checkShape(b: GraphBuilder, node: Node, grad: Value, input: Value): void {
  const [from, to] = [b.dims(grad), b.dims(input)];
  if (from === undefined || to === undefined) return;
  const differ = (dim: Dim, i: number) =>
    typeof dim === "number" && typeof to[i] === "number" && dim !== to[i];
  if (from.length === to.length && !from.some(differ)) return;
  throw new TypeError(
    `Cannot use the gradient of ${node.opType} "${node.name}": it has shape [${from}], its input ` +
      `"${input}" has [${to}]`,
  );
}

function readersOf({ graph }: Model): ReadonlyMap<string, readonly Node[]> {
  const readers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of node.inputs) append(readers, name, node);
  }
  return readers;
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
