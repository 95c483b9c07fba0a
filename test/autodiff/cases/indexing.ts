import type { indexingRules } from "../../../lib/autodiff/rules/indexing.ts";
import { floats, type GradientCase, indices, ints, x } from "../gradient_case.ts";

export const indexingCases = {
  Gather: { inputs: [x([4, 3]), indices([2, 2], 0, 3, -1, 1)] },
  GatherElements: {
    inputs: [x([3, 3]), indices([2, 3], 0, 2, 1, 0, 0, -1)],
    attributes: { axis: 0 },
  },
  GatherND: { inputs: [x([3, 2, 2]), indices([3, 2], 0, 1, 2, 0, 0, 1)] },
  ScatterElements: { inputs: [x([3, 3]), indices([1, 2], 2, 0), x([1, 2])] },
  ScatterND: { inputs: [x([4, 3]), indices([2, 1], 3, 1), x([2, 3])] },
  TopK: {
    inputs: [{ shape: [1, 4], low: 0, high: 9 }, ints(2)],
    outputs: 2,
  },
  CumSum: { inputs: [x([2, 4]), indices([], 1)], attributes: { exclusive: 1 } },
  OneHot: { inputs: [ints(0, 2), ints(3), x([2])] },
  Compress: {
    inputs: [x([3, 2]), { dtype: "bool", dims: [3], data: Uint8Array.of(1, 0, 1) }],
    attributes: { axis: 0 },
  },
  Unique: { inputs: [x([5], -9, 9)] },
  Range: { inputs: [x([], 0, 0.1), floats([], 3), x([], 0.9, 1.1)] },
} satisfies Record<keyof typeof indexingRules, GradientCase>;

const scatter = (op: string, reduction: string): [string, GradientCase] => [
  op,
  {
    inputs: [
      x([3, 2], 0.5, 1),
      op === "ScatterND" ? indices([2, 2], 0, 1, 0, 1) : indices([2, 2], 0, 1, 0, 1),
      x(op === "ScatterND" ? [2] : [2, 2], 1.2, 2),
    ],
    attributes: { reduction },
  },
];

/** More forms of some ops. */
export const moreIndexingCases: readonly [string, GradientCase][] = [
  ["Gather", { inputs: [x([2, 4, 3]), indices([2], 3, 3)], attributes: { axis: 1 } }],
  ["Gather", { inputs: [x([2, 4, 3]), indices([], -2)], attributes: { axis: 1 } }],
  ["Gather", { inputs: [x([2, 3, 4]), indices([2, 2], 3, 0, 3, 1)], attributes: { axis: -1 } }],
  ["GatherND", {
    inputs: [x([2, 3, 2]), indices([2, 1, 1], 2, 0)],
    attributes: { batch_dims: 1 },
  }],
  ["CumSum", { inputs: [x([2, 4]), indices([], 0)], attributes: { reverse: 1 } }],
  scatter("ScatterND", "add"),
  scatter("ScatterND", "mul"),
  scatter("ScatterElements", "add"),
  scatter("ScatterElements", "mul"),
  scatter("ScatterElements", "max"),
  scatter("ScatterND", "max"),
  ["Unique", { inputs: [x([3, 2], -9, 9)], attributes: { axis: 1 } }],
  ["Gather", { inputs: [x([4, 3]), { dtype: "int32", dims: [2], data: Int32Array.of(3, 3) }] }],
  ["Compress", {
    inputs: [x([2, 2]), { dtype: "bool", dims: [3], data: Uint8Array.of(0, 1, 1) }],
  }],
];
