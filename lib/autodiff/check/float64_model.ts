/**
 * A model in float64: what it computes without the rounding of its own element type. Where the runtime
 * has no kernel, an op is rewritten into ops that have one, or computes in float32 between casts.
 *
 * @module
 */
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { castNode } from "../../onnx/ir/cast_node.ts";
import { dataTypeOf } from "../../onnx/ir/data_type.ts";
import { inferShapes } from "../../onnx/infer/infer_shapes.ts";
import { inlineFunctions } from "../../onnx/passes/inline_functions.ts";
import type { Attribute, Graph, Model, Node, ValueInfo, ValueType } from "../../onnx/ir/model.ts";
import { mapSubgraphs } from "../../onnx/ir/rename.ts";
import { upgradeModel } from "../../onnx/passes/upgrade.ts";
import { tensorFromWeight, weightFromTensor } from "../../onnx/ir/weight.ts";
import { castTensor } from "../../tensor/convert.ts";
import type { DType } from "../../tensor/dtype.ts";
import { fusedActivationDecompositions } from "../decompositions/fused_activation.ts";
import { recurrentDecompositions } from "../decompositions/recurrent.ts";
import { valuesRead } from "../../onnx/ir/values_read.ts";
import { type Rewrite, rewriteNodes } from "../engine/rewrite.ts";
import { type Decompositions, opKey } from "../engine/rule.ts";
import { float64Forms } from "./float64_forms.ts";
import { float64Ops } from "./float64_ops.ts";
import { unroundedModel } from "./unrounded_forms.ts";

/**
 * The model with float64 instead of every float, inputs and outputs included.
 *
 * @param options `unrounded` leaves out the rounding of quantised activations.
 * @throws {TypeError} If the type of a value that has to be cast is not known.
 */
export function float64Model(model: Model, { unrounded = false } = {}): Model {
  const whole = inferShapes(inlineFunctions(upgradeModel(model)));
  const plain = unrounded ? inferShapes(unroundedModel(whole)) : whole;
  const parts = rewriteAll(plain, decompose);
  const rewritten = rewriteAll(parts, (node, b) => float64Forms[opKey(node)]?.(node, b));
  const typed = inferShapes({
    ...rewritten,
    graph: { ...rewritten.graph, values: plain.graph.values },
  });
  return { ...typed, graph: convertGraph(typed.graph, () => undefined) };
}

/** Rewrites nodes in subgraphs as well, which know the types of what they take from outside. */
function rewriteAll(model: Model, rewrite: Rewrite): Model {
  const outer = typesIn(model.graph);
  const inner = (graph: Graph) => {
    const values = new Map([...outer, ...graph.values]);
    return rewriteAll({ ...model, graph: { ...graph, values } }, rewrite).graph;
  };
  const nodes = model.graph.nodes.map((node) => mapSubgraphs(node, inner));
  return rewriteNodes({ ...model, graph: { ...model.graph, nodes } }, rewrite);
}

const decompositions: Decompositions = {
  ...fusedActivationDecompositions,
  ...recurrentDecompositions,
};

/** Ops of many steps in one kernel, as their steps; where these are not known they stay as they are. */
function decompose(node: Node, b: GraphBuilder): readonly Value[] | undefined {
  try {
    return decompositions[opKey(node)]?.(node, b);
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}

/** Whether no op of a model of {@linkcode float64Model} rounds what depends on its inputs. */
export function isFloat64({ graph }: Model): boolean {
  const varying = new Set(graph.inputs.map(({ name }) => name));
  return graph.nodes.every((node) => {
    if (!valuesRead(node).some((name) => varying.has(name))) return true;
    for (const name of node.outputs) varying.add(name);
    return !rounds(node);
  });
}

/** Whether a node casts to float32, or one in its subgraphs does. */
function rounds({ outputs, attributes }: Node): boolean {
  return outputs.some((name) => name.endsWith(shortSuffix)) ||
    Object.values(attributes).some((a) => a.type === "graph" && a.value.nodes.some(rounds));
}

/** Ends the names of values that are cast for an op without a float64 kernel. */
const shortSuffix = "/short";

type TypeOf = (name: string) => ValueType | undefined;

const shortFloats: ReadonlySet<string> = new Set(["float16", "bfloat16", "float32"]);

function convertGraph(graph: Graph, outer: TypeOf): Graph {
  const types = typesIn(graph);
  const typeOf: TypeOf = (name) => types.get(name) ?? outer(name);
  const fed = new Set(graph.inputs.map(({ name }) => name));
  const weights = [...graph.initializers].filter(([name]) => !fed.has(name));
  const short = weights.filter(([, { dtype }]) => shortFloats.has(dtype)).map(([name]) => name);
  const isShort = new Set(short);
  return {
    ...graph,
    inputs: graph.inputs.map(convertInfo),
    outputs: graph.outputs.map(convertInfo),
    initializers: new Map(
      weights.map(([name, weight]) => [isShort.has(name) ? `${name}/stored` : name, weight]),
    ),
    nodes: [
      ...short.map((name) => castNode(`${name}/stored`, name, "float64")),
      ...convertNodes(graph.nodes, typeOf),
    ],
    values: new Map(),
  };
}

function typesIn(graph: Graph): ReadonlyMap<string, ValueType> {
  const { values, inputs, outputs, initializers } = graph;
  return new Map<string, ValueType>([
    ...values,
    ...[...inputs, ...outputs].map(({ name, type }) => [name, type] as const),
    ...[...initializers].map(([name, { dtype, dims }]) =>
      [name, { kind: "tensor", dtype, dims }] as const
    ),
  ]);
}

function convertInfo(info: ValueInfo): ValueInfo {
  return { ...info, type: convertType(info.type) };
}

function convertType(type: ValueType): ValueType {
  if (type.kind === "unknown") return type;
  if (type.kind !== "tensor") return { ...type, element: convertType(type.element) };
  return shortFloats.has(type.dtype) ? { ...type, dtype: "float64" } : type;
}

function convertNodes(nodes: readonly Node[], typeOf: TypeOf): readonly Node[] {
  const narrowed = new Set<string>();
  return nodes.flatMap((node) => {
    if (hasKernel(node)) return [convertNode(node, typeOf)];
    const inputs = shortNames(node, node.inputs, typeOf);
    const outputs = shortNames(node, node.outputs, typeOf);
    const missing = [...inputs].filter((name) => !narrowed.has(name));
    for (const name of missing) narrowed.add(name);
    return [
      ...missing.map((name) => castNode(name, name + shortSuffix, "float32")),
      {
        ...node,
        inputs: node.inputs.map((name) => inputs.has(name) ? name + shortSuffix : name),
        outputs: node.outputs.map((name) => outputs.has(name) ? `${name}/made` : name),
      },
      ...[...outputs].map((name) => castNode(`${name}/made`, name, "float64")),
    ];
  });
}

function hasKernel({ domain, opType, attributes }: Node): boolean {
  if (domain !== "" && domain !== "ai.onnx") return false;
  return float64Ops.has(opType) && !("value_float" in attributes || "value_floats" in attributes);
}

function shortNames(node: Node, names: readonly string[], typeOf: TypeOf): ReadonlySet<string> {
  return new Set(names.filter((name) => {
    if (name === "") return false;
    const type = typeOf(name);
    if (type?.kind !== "tensor") {
      throw new TypeError(
        `Cannot cast value "${name}" of ${node.opType} node "${node.name}": its type is not known`,
      );
    }
    return shortFloats.has(type.dtype);
  }));
}

function convertNode(node: Node, typeOf: TypeOf): Node {
  const inner = mapSubgraphs(node, (graph) => convertGraph(graph, typeOf));
  const attributes = Object.fromEntries(
    Object.entries(inner.attributes).map(([name, value]) => [name, convertAttribute(name, value)]),
  );
  return { ...inner, attributes };
}

const shortTypes = ["float16", "bfloat16", "float32"].map((name) => dataTypeOf[name as DType]);

/** The element types that an op's attributes ask for, and the tensors in its attributes. */
function convertAttribute(name: string, attribute: Attribute): Attribute {
  if (attribute.type === "int" && (name === "to" || name === "dtype")) {
    const isShort = shortTypes.includes(attribute.value);
    return isShort ? { type: "int", value: dataTypeOf.float64 } : attribute;
  }
  if (attribute.type !== "tensor" || !shortFloats.has(attribute.value.dtype)) return attribute;
  const value = castTensor(tensorFromWeight(attribute.value), "float64");
  return { type: "tensor", value: weightFromTensor(value) };
}
