/** Products and convolutions that ONNX Runtime fuses with the activation after them. @module */
import { float, type GraphBuilder, type Value } from "../../onnx/build/builder.ts";
import type { Attribute, Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf, stringOf } from "../engine/attributes.ts";
import { add, constantLike } from "../engine/expressions.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";

/** Parameters of activations, in the order in which FusedConv lists them. */
const parameterNames: Readonly<Record<string, readonly string[]>> = {
  LeakyRelu: ["alpha"],
  HardSigmoid: ["alpha", "beta"],
  Clip: ["min", "max"],
};

/** Numbers by the names that the activation's op has for them. */
type Parameters = Readonly<Record<string, number>>;

function activate(b: GraphBuilder, node: Node, x: Value, parameters: Parameters): Value {
  const activation = stringOf(node, "activation", "");
  if (activation === "") return x;
  if (activation === "Clip") {
    const bounds = [parameters.min, parameters.max];
    return b.op("Clip", [x, ...bounds.map((bound) => constantLike(b, x, bound!))]);
  }
  const entries = Object.entries(parameters).map(([name, value]) => [name, float(value)] as const);
  return b.op(activation, [x], Object.fromEntries(entries));
}

/** Those that a node lists, by the names of its activation. */
function listed(node: Node): Parameters {
  const given = node.attributes.activation_params;
  const values = given?.type === "floats" ? given.value : [];
  const names = parameterNames[stringOf(node, "activation", "")] ?? [];
  return Object.fromEntries(names.flatMap((name, i) => i in values ? [[name, values[i]!]] : []));
}

/** Those that a node has attributes for: `activation_alpha`. */
function named(node: Node): Parameters {
  return Object.fromEntries(parameters.flatMap((name) => {
    const attribute = `activation_${name}`;
    return attribute in node.attributes ? [[name, floatOf(node, attribute, 0)]] : [];
  }));
}

const parameters = ["alpha", "beta", "gamma"];
const parameterAttributes = parameters.map((name) => `activation_${name}`);

function without(node: Node, ...names: string[]): Record<string, Attribute> {
  return Object.fromEntries(
    Object.entries(node.attributes).filter(([name]) => !names.includes(name)),
  );
}

/** act(Conv(x, w, b) + z) */
const fusedConv: Decomposition = (node, b) => {
  const [x, w, bias, z] = node.inputs;
  const y = b.op(
    "Conv",
    [x, w, bias || undefined],
    without(node, "activation", "activation_params"),
  );
  return [activate(b, node, z ? add(b, y, z) : y, listed(node))];
};

/** act(αAB + βC) */
const fusedGemm: Decomposition = (node, b) => {
  const y = b.op(
    "Gemm",
    node.inputs.map((name) => name || undefined),
    without(node, "activation", ...parameterAttributes),
  );
  return [activate(b, node, y, named(node))];
};

/** act(αAB), the operands as FusedMatMul reads them. */
const fusedMatMulActivation: Decomposition = (node, b) => {
  const attributes = without(node, "activation", "activation_axis", ...parameterAttributes);
  const y = b.op("FusedMatMul", node.inputs, attributes, "com.microsoft");
  if (stringOf(node, "activation", "") === "Softmax") {
    return [b.op("Softmax", [y], { axis: intOf(node, "activation_axis", -1) })];
  }
  return [activate(b, node, y, named(node))];
};

/** Decompositions of fused activations. */
export const fusedActivationDecompositions = {
  "com.microsoft.FusedConv": fusedConv,
  "com.microsoft.FusedGemm": fusedGemm,
  "com.microsoft.FusedMatMulActivation": fusedMatMulActivation,
} satisfies Decompositions;
