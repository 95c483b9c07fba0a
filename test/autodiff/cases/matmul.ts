import type { einsumRules } from "../../../lib/autodiff/rules/einsum.ts";
import type { matmulRules } from "../../../lib/autodiff/rules/matmul.ts";
import { float, type GradientCase, x } from "../gradient_case.ts";

export const matmulCases = {
  MatMul: { inputs: [x([2, 3]), x([3, 4])] },
  Gemm: { inputs: [x([2, 3]), x([3, 4]), x([4])] },
  "com.microsoft.FusedMatMul": {
    inputs: [x([2, 3, 4]), x([2, 5, 4])],
    attributes: { transB: 1, alpha: float(0.5) },
  },
  "com.microsoft.TransposeMatMul": {
    inputs: [x([4, 2]), x([4, 3])],
    attributes: { transA: 1 },
  },
  Einsum: { inputs: [x([2, 3]), x([3, 4])], attributes: { equation: "ij,jk->ik" } },
} satisfies Record<keyof typeof matmulRules | keyof typeof einsumRules, GradientCase>;

const matmul = (...shapes: number[][]): [string, GradientCase] => [
  "MatMul",
  { inputs: shapes.map((shape) => x(shape)) },
];
const gemm = (transA: number, transB: number): [string, GradientCase] => [
  "Gemm",
  {
    inputs: [x(transA ? [3, 2] : [2, 3]), x(transB ? [4, 3] : [3, 4]), x([2, 1])],
    attributes: { transA, transB, alpha: float(0.5), beta: float(2) },
  },
];
const einsum = (equation: string, ...shapes: number[][]): [string, GradientCase] => [
  "Einsum",
  { inputs: shapes.map((shape) => x(shape)), attributes: { equation } },
];
const fused = (
  attributes: NonNullable<GradientCase["attributes"]>,
  ...shapes: number[][]
): [string, GradientCase] => [
  "com.microsoft.FusedMatMul",
  { inputs: shapes.map((shape) => x(shape)), attributes },
];

/** More forms of some ops. */
export const moreMatmulCases: readonly [string, GradientCase][] = [
  matmul([2, 2, 3], [3, 4]),
  matmul([2, 2, 3], [2, 3, 4]),
  matmul([5, 1, 2, 3], [2, 3, 4]),
  matmul([2, 3], [5, 3, 4]),
  matmul([3], [3]),
  matmul([3], [3, 4]),
  matmul([3], [2, 3, 4]),
  matmul([2, 3], [3]),
  matmul([2, 2, 3], [3]),
  gemm(0, 1),
  gemm(1, 0),
  gemm(1, 1),
  ["com.microsoft.FusedMatMul", {
    inputs: [x([2, 4, 3]), x([4, 5])],
    attributes: { transA: 1 },
  }],
  fused({ transBatchA: 1, alpha: float(0.5) }, [3, 2, 4], [2, 4, 5]),
  fused({ transBatchA: 1, transA: 1 }, [4, 2, 3], [2, 4, 5]),
  fused({ transBatchB: 1 }, [2, 3, 4], [4, 2, 5]),
  fused({ transBatchA: 1, transBatchB: 1, transB: 1 }, [3, 2, 4], [5, 2, 4]),
  einsum("ab,bc,ca->b", [2, 3], [3, 4], [4, 2]),
  einsum("ij,kl->k", [2, 3], [3, 4]),
  einsum("iij->ij", [3, 3, 2]),
  einsum("bhqd,bhkd->bhqk", [2, 2, 3, 4], [2, 2, 5, 4]),
  einsum("...ij,...jk->...ik", [2, 2, 3], [1, 3, 4]),
  einsum("ij->i", [2, 3]),
  einsum("ii->i", [3, 3]),
  einsum("bii->b", [2, 3, 3]),
  einsum("i,j", [2], [3]),
  einsum("bc,bc,cd->d", [2, 3], [2, 3], [3, 4]),
];
