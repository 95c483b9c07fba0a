import type { movementRules } from "../../../lib/autodiff/rules/movement.ts";
import { floats, type GradientCase, indices, ints, x } from "../gradient_case.ts";

export const movementCases = {
  Reshape: { inputs: [x([2, 6]), ints(0, 3, -1)] },
  Flatten: { inputs: [x([2, 3, 2])], attributes: { axis: 2 } },
  Squeeze: { inputs: [x([2, 1, 3]), ints(1)] },
  Unsqueeze: { inputs: [x([2, 3]), ints(0, -1)] },
  Transpose: { inputs: [x([2, 3, 4])], attributes: { perm: [2, 0, 1] } },
  Expand: { inputs: [x([2, 1]), ints(3, 1, 4)] },
  Concat: { inputs: [x([2, 3]), floats([2, 1], 0, 0), x([2, 2])], attributes: { axis: 1 } },
  Split: {
    inputs: [x([2, 6]), ints(1, 2, 3)],
    attributes: { axis: -1 },
    outputs: 3,
    of: [0, 2],
  },
  Slice: { inputs: [x([4, 5]), ints(1, -3), ints(3, 9), ints(0, 1)] },
  Tile: { inputs: [x([2, 3]), ints(2, 3)] },
  Pad: { inputs: [x([2, 3]), ints(1, 0, 2, 1), x([])] },
  Trilu: { inputs: [x([2, 3, 3]), indices([], -1)], attributes: { upper: 0 } },
  DepthToSpace: { inputs: [x([1, 8, 2, 3])], attributes: { blocksize: 2, mode: "CRD" } },
  CenterCropPad: { inputs: [x([5, 4]), ints(2, 7)] },
  SpaceToDepth: { inputs: [x([1, 2, 4, 2])], attributes: { blocksize: 2 } },
  ReverseSequence: { inputs: [x([3, 2]), ints(2, 3)] },
} satisfies Record<keyof typeof movementRules, GradientCase>;

const pad = (mode: string): [string, GradientCase] => [
  "Pad",
  { inputs: [x([4, 5]), ints(2, 1, 0, 3)], attributes: { mode }, opset: 19 },
];

/** More forms of some ops. */
export const moreMovementCases: readonly [string, GradientCase][] = [
  ["CenterCropPad", { inputs: [x([5, 4]), ints(7)], attributes: { axes: [-1] } }],
  ["CenterCropPad", { inputs: [x([4, 7]), ints(7, 4)] }],
  ["Reshape", { inputs: [x([0, 3, 4]), ints(3, 4, 0)], attributes: { allowzero: 1 } }],
  ["Squeeze", { inputs: [x([2, 1, 3])] }],
  ["Transpose", { inputs: [x([2, 3])] }],
  ["Slice", { inputs: [x([4, 5]), ints(3, -1), ints(0, -9), ints(0, 1), ints(-2, -1)] }],
  ["Slice", { inputs: [x([7]), ints(1), ints(99), ints(0), ints(3)] }],
  ["Slice", { inputs: [x([3, 2]), ints(-2), ints(2 ** 40)] }],
  ["Slice", { inputs: [x([3, 2]), ints(1), ints(1)] }],
  ["Pad", { inputs: [x([4, 5]), ints(-1, 1, 0, -2)] }],
  ["Pad", { inputs: [x([4, 5]), ints(1, 2), undefined, ints(1)] }],
  pad("reflect"),
  pad("edge"),
  pad("wrap"),
  ["DepthToSpace", { inputs: [x([1, 8, 2, 3])], attributes: { blocksize: 2 } }],
  ["Trilu", { inputs: [x([3, 4])] }],
  ["Concat", { inputs: [x([2, 3]), x([1, 3])], attributes: { axis: -2 } }],
];
