/** Ops that ONNX Runtime fuses from a bias, a product or a convolution and an activation. @module */
import { float, type GraphBuilder, type Value } from "../../onnx/builder.ts";
import type { Attribute, Node } from "../../onnx/model.ts";
import { floatOf, intOf, stringOf } from "../attributes.ts";
import { add, constantLike, mul } from "../expressions.ts";
import type { Decomposition, Decompositions } from "../rule.ts";

function withBias(b: GraphBuilder, node: Node): Value {
  const [x, bias] = node.inputs as [Value, Value?];
  return bias ? add(b, x, bias) : x;
}

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

/** act(α op(A) op(B)) */
const fusedMatMulActivation: Decomposition = (node, b) => {
  const names = ["alpha", "axis", "beta", "gamma"].map((name) => `activation_${name}`);
  const y = b.op(
    "FusedMatMul",
    node.inputs,
    without(node, "activation", ...names),
    "com.microsoft",
  );
  const parameters = ["activation_alpha", "activation_beta"].map((name) =>
    node.attributes[name] ? floatOf(node, name, 0) : undefined
  );
  return [activate(b, node, y, parameters)];
};

/** x₁ · gelu(x₂) of the halves of x + bias. */
const biasSplitGelu: Decomposition = (node, b) => {
  const [left, right] = b.node("Split", [withBias(b, node)], {
    attributes: { axis: -1, num_outputs: 2 },
    outputs: 2,
  });
  return [mul(b, left!, b.op("Gelu", [right!], {}, "com.microsoft"))];
};

/** softmax(x + bias) from `axis` on; the bias spans the axes before it or broadcasts within. */
const biasSoftmax: Decomposition = (node, b) => {
  const [x, bias] = node.inputs as [Value, Value];
  return [b.op("Softmax", [add(b, x, bias)], { axis: intOf(node, "axis", 1) })];
};

/** Decompositions of fused activations. */
export const fusedActivationDecompositions = {
  "com.microsoft.BiasSplitGelu": biasSplitGelu,
  "com.microsoft.BiasSoftmax": biasSoftmax,
  "com.microsoft.GemmFastGelu": (node, b) => {
    const product = b.op("MatMul", [node.inputs[0]!, node.inputs[1]!]);
    return [b.op("FastGelu", [product, node.inputs[2] || undefined], {}, "com.microsoft")];
  },
  "com.microsoft.FusedConv": fusedConv,
  "com.microsoft.FusedGemm": fusedGemm,
  "com.microsoft.FusedMatMulActivation": fusedMatMulActivation,
} satisfies Decompositions;
