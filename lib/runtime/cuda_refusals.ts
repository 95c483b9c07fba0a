/** The attributes that CUDA's kernels refuse, as of ONNX Runtime 1.30. @module */
import type { Attribute, Node } from "../onnx/ir/model.ts";

type Refusal = (node: Node) => string | undefined;

const has = (node: Node, ...names: string[]) => names.some((name) => name in node.attributes);

const intOf = (attribute: Attribute | undefined): number | undefined =>
  attribute?.type === "int" ? attribute.value : undefined;

/** cuDNN pads both sides of an axis alike. */
const convTranspose: Refusal = ({ attributes: { pads, auto_pad } }) => {
  if (auto_pad?.type === "string" && auto_pad.value.startsWith("SAME")) {
    return "CUDA's kernel does not take auto_pad SAME";
  }
  if (pads?.type !== "ints") return undefined;
  const rank = pads.value.length / 2;
  const isSymmetric = pads.value.slice(0, rank).every((pad, axis) =>
    pad === pads.value[axis + rank]
  );
  return isSymmetric ? undefined : "CUDA's kernel pads both sides of an axis alike";
};

const argMax: Refusal = ({ attributes }) =>
  intOf(attributes.select_last_index) === 1
    ? "CUDA's kernel takes the first of equal values"
    : undefined;

/** cuDNN's recurrent layers have activations that cannot be chosen. */
const recurrent = (...activations: string[]): Refusal => (node) => {
  const { attributes, inputs } = node;
  const asked = attributes.activations?.type === "strings" ? attributes.activations.value : [];
  const isOther = asked.some((name, i) =>
    name.toLowerCase() !== activations[i % activations.length]
  );
  return isOther || has(node, "activation_alpha", "activation_beta", "clip")
    ? "CUDA's kernel has the default activations only"
    : intOf(attributes.input_forget) === 1
    ? "CUDA's kernel does not couple the gates"
    : intOf(attributes.linear_before_reset) === 0
    ? "CUDA's kernel takes linear_before_reset 1 only"
    : (inputs[7] ?? "") !== ""
    ? "CUDA's kernel has no peepholes"
    : undefined;
};

const refusals: Readonly<Record<string, Refusal>> = {
  ConvTranspose: convTranspose,
  ArgMax: argMax,
  ArgMin: argMax,
  LSTM: recurrent("sigmoid", "tanh", "tanh"),
  GRU: recurrent("sigmoid", "tanh"),
  RNN: recurrent("tanh"),
};

/** Why CUDA's kernel does not serve a node with these attributes. */
export function attributeRefusal(node: Node): string | undefined {
  return node.domain === "" ? refusals[node.opType]?.(node) : undefined;
}
