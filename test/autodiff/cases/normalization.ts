import type {
  normalizationDecompositions,
  normalizationRules,
} from "../../../lib/autodiff/rules/normalization.ts";
import { float, floats, type GradientCase, x } from "../gradient_case.ts";

export const normalizationCases = {
  LayerNormalization: { inputs: [x([2, 3, 4]), x([4]), x([4])] },
  RMSNormalization: { inputs: [x([2, 3, 4]), x([4])], opset: 23 },
  SimplifiedLayerNormalization: { inputs: [x([2, 3, 4]), x([4])] },
  InstanceNormalization: { inputs: [x([2, 3, 4]), x([3]), x([3])] },
  BatchNormalization: { inputs: [x([2, 3, 2]), x([3]), x([3]), x([3]), x([3], 0.5, 2)] },
  MeanVarianceNormalization: { inputs: [x([2, 3, 2, 2])] },
  LpNormalization: { inputs: [x([2, 4])] },
  LRN: { inputs: [x([2, 5, 2, 2])], attributes: { size: 5, alpha: float(0.3) } },
  GroupNormalization: {
    inputs: [x([2, 6, 4]), x([6]), x([6])],
    attributes: { num_groups: 2 },
    opset: 21,
  },
} satisfies Record<
  keyof typeof normalizationRules | keyof typeof normalizationDecompositions,
  GradientCase
>;

/** More forms of some ops. */
/** Training mode in every rank and in the forms of all operator sets; the running statistics count too. */
function trainedBatchNorms(): [string, GradientCase][] {
  const statistics = (channels: number) => [
    ...[x([channels]), x([channels]), x([channels])],
    x([channels], 0.5, 2),
  ];
  const shapes = [[5], [4, 3], [3, 2, 4], [2, 3, 2, 2], [2, 2, 2, 2, 2]];
  const modern = { training_mode: 1, momentum: float(0.7), epsilon: float(0.01) };
  return [
    ...shapes.map((shape): [string, GradientCase] => ["BatchNormalization", {
      inputs: [x(shape), ...statistics(shape[1] ?? 1)],
      attributes: modern,
      outputs: 3,
      of: [0, 1, 2],
      opset: 15,
    }]),
    ...[7, 9, 13].map((opset): [string, GradientCase] => ["BatchNormalization", {
      inputs: [x([3, 2, 4]), ...statistics(2)],
      attributes: { momentum: float(0.7) },
      outputs: 5,
      of: [0, 1, 2],
      opset,
    }]),
  ];
}

export const moreNormalizationCases: readonly [string, GradientCase][] = [
  ["LayerNormalization", { inputs: [x([2, 3, 4]), x([3, 4])], attributes: { axis: 1 } }],
  ["LayerNormalization", { inputs: [x([2, 4]), floats([4], 1, 2, 1, 2), x([4])] }],
  ["GroupNormalization", {
    inputs: [x([2, 6, 4]), x([2]), x([2])],
    attributes: { num_groups: 2 },
  }],
  ...trainedBatchNorms(),
  ["LpNormalization", { inputs: [x([2, 4], 0.2, 2)], attributes: { p: 1, axis: 0 } }],
  ["LRN", { inputs: [x([2, 5, 2, 2])], attributes: { size: 3, alpha: float(0.3) } }],
];
