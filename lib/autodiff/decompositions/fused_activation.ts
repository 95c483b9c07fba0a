/** Products and convolutions that ONNX Runtime fuses with the activation after them. @module */
import { float, type GraphBuilder, type Value } from "../../onnx/build/builder.ts";
import type { Attribute, Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf, stringOf } from "../engine/attributes.ts";
import { add, constantLike } from "../engine/expressions.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";

/** Activations that FusedConv and FusedGemm name, with parameters in the order they list them. */
const parameterNames: Readonly<Record<string, readonly string[]>> = {
  Relu: [],
  Tanh: [],
  Sigmoid: [],
  Softplus: [],
  LeakyRelu: ["alpha"],
  HardSigmoid: ["alpha", "beta"],
};

function activate(
  b: GraphBuilder,
  node: Node,
  x: Value,
  parameters: readonly (number | undefined)[],
): Value {
  const activation = stringOf(node, "activation", "");
  if (activation === "") return x;
  if (activation === "Clip") {
    return b.op("Clip", [x, ...parameters.map((bound) => constantLike(b, x, bound!))]);
  }
  const entries = (parameterNames[activation] ?? []).flatMap((name, i) =>
    parameters[i] === undefined ? [] : [[name, float(parameters[i])] as const]
  );
  return b.op(activation, [x], Object.fromEntries(entries));
}

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
  const given = node.attributes.activation_params;
  return [activate(b, node, z ? add(b, y, z) : y, given?.type === "floats" ? given.value : [])];
};

/** act(αAB + βC) */
const fusedGemm: Decomposition = (node, b) => {
  const names = ["alpha", "beta", "gamma"].map((name) => `activation_${name}`);
  const y = b.op(
    "Gemm",
    node.inputs.map((name) => name || undefined),
    without(node, "activation", ...names),
  );
  const parameters = names.slice(0, 2).map((name) =>
    node.attributes[name] ? floatOf(node, name, 0) : undefined
  );
  return [activate(b, node, y, parameters)];
};

/** act(αAB), the operands as FusedMatMul reads them. */
const fusedMatMulActivation: Decomposition = (node, b) => {
  const names = ["alpha", "beta", "gamma"].map((name) => `activation_${name}`);
  const attributes = without(node, "activation", "activation_axis", ...names);
  const y = b.op("FusedMatMul", node.inputs, attributes, "com.microsoft");
  if (stringOf(node, "activation", "") === "Softmax") {
    return [b.op("Softmax", [y], { axis: intOf(node, "activation_axis", -1) })];
  }
  const parameters = names.slice(0, 2).map((name) =>
    node.attributes[name] ? floatOf(node, name, 0) : undefined
  );
  return [activate(b, node, y, parameters)];
};

/** Decompositions of fused activations. */
export const fusedActivationDecompositions = {
  "com.microsoft.FusedConv": fusedConv,
  "com.microsoft.FusedGemm": fusedGemm,
  "com.microsoft.FusedMatMulActivation": fusedMatMulActivation,
} satisfies Decompositions;
