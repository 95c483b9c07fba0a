import type { activationRules } from "../../../lib/autodiff/rules/activation.ts";
import { float, type GradientCase, x } from "../gradient_case.ts";

const right: GradientCase = { inputs: [x([2, 3], 0.2, 2)] };
const left: GradientCase = { inputs: [x([2, 3], -2, -0.2)] };
const smooth: GradientCase = { inputs: [x([2, 3])] };

export const activationCases = {
  Relu: right,
  LeakyRelu: { ...left, attributes: { alpha: float(0.2) } },
  PRelu: { inputs: [x([2, 3, 2], -2, -0.2), x([3, 1])] },
  ThresholdedRelu: { inputs: [x([2, 3], 1.5, 2)] },
  Elu: { ...left, attributes: { alpha: float(0.7) } },
  Selu: left,
  Celu: { ...left, attributes: { alpha: float(0.7) } },
  Sigmoid: smooth,
  HardSigmoid: smooth,
  HardSwish: smooth,
  Softplus: smooth,
  Softsign: right,
  Gelu: { ...smooth, opset: 20 },
  Swish: { ...smooth, opset: 24 },
  Mish: smooth,
  Shrink: { inputs: [x([2, 3], 0.7, 2)] },
  Dropout: smooth,
} satisfies Record<keyof typeof activationRules, GradientCase>;

/** More forms of some ops. */
export const moreActivationCases: readonly [string, GradientCase][] = [
  ["Gelu", { ...smooth, opset: 20, attributes: { approximate: "tanh" } }],
  ["Relu", left],
  ["Elu", right],
  ["Selu", right],
  ["Celu", right],
  ["HardSwish", { inputs: [x([2, 3], 3.2, 5)] }],
  ["HardSigmoid", { inputs: [x([2, 3], 3.2, 5)] }],
  ["ThresholdedRelu", { inputs: [x([2, 3], -1, 0.9)] }],
];
