/**
 * Rounding an activation to integers has a derivative of zero almost everywhere, so a gradient
 * through it would be a zero that means nothing. Such models are refused, unless the rounding is to
 * count as the identity ("straight through"): then integers carry gradients from the op that rounds,
 * through ops that move, add or multiply them, to the one that makes floats of them.
 *
 * @module
 */
import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import { isDType } from "../../onnx/ir/data_type.ts";
import type { Model, Node, ValueType } from "../../onnx/ir/model.ts";
import { type Activity, isDifferentiable, typesOf } from "../engine/activity.ts";
import { valuesRead } from "../../onnx/ir/values_read.ts";
import { opKey } from "../engine/rule.ts";

/** Ops that round, or compute with what was rounded; their first output is an activation. */
const quantizing: ReadonlySet<string> = new Set([
  "QuantizeLinear",
  "DynamicQuantizeLinear",
  "QLinearConv",
  "QLinearMatMul",
  "ConvInteger",
  "MatMulInteger",
  ...[
    "DynamicQuantizeMatMul",
    "DynamicQuantizeLSTM",
    "MatMulInteger16",
    "MatMulIntegerToFloat",
    "QAttention",
    "QEmbedLayerNormalization",
    "QGemm",
    "QLinearAdd",
    "QLinearAveragePool",
    "QLinearConcat",
    "QLinearConv",
    "QLinearGlobalAveragePool",
    "QLinearLeakyRelu",
    "QLinearMul",
    "QLinearReduceMean",
    "QLinearSigmoid",
    "QLinearSoftmax",
    "QLinearWhere",
    "QuantizeLinear",
  ].map((opType) => `com.microsoft.${opType}`),
]);

/** Ops that pass integers on; their rules are the same for integers and floats. */
const movesIntegers: ReadonlySet<string> = new Set([
  ...["Identity", "Cast", "Add", "Sub", "MaxPool", "Split", "Concat", "Slice", "Gather", "Pad"],
  ...["Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Expand", "Tile"],
  ...["DepthToSpace", "SpaceToDepth", "GatherElements", "GatherND", "Where"],
]);

const integers: ReadonlySet<string> = new Set(["int8", "uint8", "int16", "uint16", "int32"]);

/** Whether an output has a gradient if roundings count as the identity. */
export function carriesStraightThrough(
  node: Node,
  output: number,
  type: ValueType | undefined,
): boolean {
  const rounds = quantizing.has(opKey(node));
  // Scales and zero points found in the data count as constants.
  if (opKey(node) === "DynamicQuantizeLinear" && output > 0) return false;
  if (isDifferentiable(type)) return true;
  return isInteger(type) &&
    (rounds || movesIntegers.has(opKey(node)));
}

/** The nodes between what is varied and what is differentiated, for values of all types. */
export interface Route {
  readonly wrt: readonly string[];
  readonly targets: readonly string[];
  stops(node: Node): boolean;
}

/**
 * One diagnostic per node on the route that rounds an activation to a type of which tensors have no
 * elements, such as int4 or float8: no rule computes with these.
 */
export function packedActivations(model: Model, route: Route): Diagnostic[] {
  const typeOf = typesOf(model.graph);
  return nodesBetween(model, route).flatMap((node) => {
    const packed = node.outputs.map(typeOf).find((type) =>
      type?.kind === "tensor" && type.dtype !== "string" && !isDType(type.dtype)
    );
    if (packed?.kind !== "tensor") return [];
    const cause =
      `it rounds an activation to ${packed.dtype}, its derivative is zero almost everywhere`;
    return [problem(node, cause, ["Use the model in float32 or float16"])];
  });
}

/** One diagnostic per node on the route that rounds an activation to integers. */
export function quantizedActivations(model: Model, route: Route): Diagnostic[] {
  return nodesBetween(model, route).filter((node) => quantizing.has(opKey(node)))
    .map((node) =>
      problem(
        node,
        "it rounds an activation to integers, its derivative is zero almost everywhere",
        [
          "Treat the rounding as the identity: `straightThrough: true`, `tvp grad --straight-through`",
          "Or use the model in float32, float16, or with quantised weights only (MatMulNBits, DequantizeLinear of an initializer)",
          "Or train prompts without gradients (spsa)",
        ],
      )
    );
}

/** One diagnostic per node that takes rounded activations and hands no gradient on. */
export function lostStraightThrough(model: Model, path: Activity, route: Route): Diagnostic[] {
  const onPath = new Set(path.nodes);
  const rounded = roundedValues(model, route);
  const typeOf = typesOf(model.graph);
  return nodesBetween(model, route).filter((node) =>
    !onPath.has(node) && node.inputs.some((x) => rounded.has(x)) &&
    node.outputs.some((y) => isInteger(typeOf(y)) && !rounded.has(y))
  ).map((node) =>
    problem(node, "it computes with rounded activations and has no straight-through rule", [
      "Use the model in float32 or float16",
    ])
  );
}

/** Integers that carry a gradient from `wrt`, whether or not they lead on to a target. */
function roundedValues({ graph }: Model, { wrt, stops }: Route): ReadonlySet<string> {
  const typeOf = typesOf(graph);
  const reached = new Set(wrt);
  for (const node of graph.nodes) {
    if (stops(node) || !valuesRead(node).some((name) => reached.has(name))) continue;
    node.outputs.forEach((name, i) => {
      if (name !== "" && carriesStraightThrough(node, i, typeOf(name))) reached.add(name);
    });
  }
  return new Set([...reached].filter((name) => isInteger(typeOf(name))));
}

function isInteger(type: ValueType | undefined): boolean {
  return type?.kind === "tensor" && integers.has(type.dtype);
}

function nodesBetween({ graph }: Model, { wrt, targets, stops }: Route): Node[] {
  const reached = new Set(wrt);
  const varied = graph.nodes.filter((node) => {
    if (stops(node) || !valuesRead(node).some((name) => reached.has(name))) return false;
    for (const name of node.outputs) if (name !== "") reached.add(name);
    return true;
  });
  const wanted = new Set(targets);
  const between = varied.toReversed().filter((node) => {
    if (!node.outputs.some((name) => wanted.has(name))) return false;
    for (const name of valuesRead(node)) wanted.add(name);
    return true;
  });
  return between.toReversed();
}

function problem(node: Node, cause: string, notes: readonly string[]): Diagnostic {
  return {
    code: "quantized-activation",
    severity: "error",
    message: `Cannot differentiate node "${
      node.name || node.outputs[0]
    }" (${node.opType}): ${cause}`,
    notes,
  };
}
