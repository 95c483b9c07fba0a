/** Checks the ranks of an operator's inputs against its definition. @module */
import type { NodeContext } from "./context.ts";

/** Smallest and largest rank of an input; without a largest one any above will do. */
type Ranks = readonly [least: number, most?: number];

interface RankRow {
  /** By position among the inputs. */
  readonly inputs?: readonly (Ranks | undefined)[];
  /** Inputs that have the rank of the first. */
  readonly same?: readonly number[];
}

const row = (names: readonly string[], ranks: RankRow) =>
  Object.fromEntries(names.map((name) => [name, ranks]));

const vector: Ranks = [1, 1];
const scalar: Ranks = [0, 1];

/** Operators of ai.onnx; those that are not listed take any rank. */
const table: Readonly<Record<string, RankRow>> = {
  ...row(["Conv", "ConvTranspose", "ConvInteger"], { inputs: [[2]], same: [1] }),
  DeformConv: { inputs: [[3]], same: [1, 2] },
  QLinearConv: { inputs: [[2]], same: [3] },
  ...row(["MaxPool", "AveragePool", "LpPool"], { inputs: [[2]] }),
  MaxUnpool: { inputs: [[2]], same: [1] },
  ...row(["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"], { inputs: [[2]] }),
  ...row(["InstanceNormalization", "GroupNormalization"], { inputs: [[2], vector, vector] }),
  BatchNormalization: { inputs: [[1], vector, vector, vector, vector] },
  LRN: { inputs: [[2]] },
  ...row(["MatMul", "MatMulInteger"], { inputs: [[1], [1]] }),
  QLinearMatMul: { inputs: [[1], undefined, undefined, [1]] },
  Gemm: { inputs: [[2, 2], [2, 2], [0, 2]] },
  ...row(["GatherElements", "ScatterElements", "Scatter"], { inputs: [[1]], same: [1] }),
  GatherND: { inputs: [[1], [1]] },
  ScatterND: { inputs: [[1], [1]] },
  ...row(["LSTM", "GRU", "RNN"], { inputs: [[3, 3], [3, 3], [3, 3], [2, 2], vector, [3, 3]] }),
  Attention: { inputs: [[3, 4], [3, 4], [3, 4]] },
  RotaryEmbedding: { inputs: [[3, 4]] },
  ...row(["DepthToSpace", "SpaceToDepth"], { inputs: [[4, 4]] }),
  GridSample: { inputs: [[3]], same: [1] },
  AffineGrid: { inputs: [[3, 3], vector] },
  Col2Im: { inputs: [[3, 3], vector, vector] },
  RoiAlign: { inputs: [[4, 4], [2, 2], vector] },
  MaxRoiPool: { inputs: [[4, 4], [2, 2]] },
  ...row(["Trilu", "Det"], { inputs: [[2]] }),
  EyeLike: { inputs: [[2, 2]] },
  CumSum: { inputs: [[1], scalar] },
  ReverseSequence: { inputs: [[2], vector] },
  DFT: { inputs: [[2]] },
  STFT: { inputs: [[2, 3]] },
  Compress: { inputs: [undefined, vector] },
  TopK: { inputs: [[1], scalar] },
  OneHot: { inputs: [undefined, scalar, vector] },
  NegativeLogLikelihoodLoss: { inputs: [[2], [1], vector] },
  SoftmaxCrossEntropyLoss: { inputs: [[2], [1], vector] },
  NonMaxSuppression: { inputs: [[3, 3], [3, 3]] },
  ...row(["Reshape", "Expand", "Tile"], { inputs: [undefined, vector] }),
  ConstantOfShape: { inputs: [vector] },
  Slice: { inputs: [[1], vector, vector, vector, vector] },
  Pad: { inputs: [undefined, vector, scalar, vector] },
  Range: { inputs: [scalar, scalar, scalar] },
  ...row(["Concat"], { inputs: [[1]] }),
};

const rows: ReadonlyMap<string, RankRow> = new Map(Object.entries(table));

/** What is wrong with the ranks of a node's inputs; undefined if nothing is, or they are not known. */
export function ranksProblem(c: NodeContext): string | undefined {
  const { domain, opType } = c.node;
  const row = domain === "" ? rows.get(opType) : undefined;
  if (row === undefined) return undefined;
  const { inputs = [], same = [] } = row;
  for (let input = 0; input < inputs.length; input++) {
    const ranks = inputs[input];
    const rank = ranks === undefined ? undefined : c.rank(input);
    if (ranks === undefined || rank === undefined) continue;
    const [least, most = Infinity] = ranks;
    if (rank < least || rank > most) {
      return `its input ${input} has rank ${rank}, expected ${expected(ranks)}`;
    }
  }
  if (same.length === 0) return undefined;
  const first = c.rank(0);
  const other = same.find((input) => (c.rank(input) ?? first) !== first);
  if (first === undefined || other === undefined) return undefined;
  return `its input ${other} has rank ${
    c.rank(other)
  }, its input 0 rank ${first}, expected the same`;
}

function expected([least, most]: Ranks): string {
  if (most === undefined) return `at least ${least}`;
  return most === least ? `${least}` : `${least} or ${most}`;
}
