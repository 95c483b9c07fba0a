/** Inverse and determinant of square matrices (Giles 2008, 2.2.3 and 2.2.4). @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { mul, neg, range, rankOf } from "../engine/expressions.ts";
import { type GradRules, unary } from "../engine/rule.ts";
import { product } from "./matmul.ts";

/** −Yᵀ g Yᵀ */
const inverse = unary(({ b, g, y }) =>
  neg(b, product(b, product(b, y, g, { transA: true }), y, { transB: true }))
);

/** g · det · X⁻ᵀ; singular matrices have no such form. */
const determinant = unary(({ b, g, x, y }) =>
  mul(b, columnOf(b, mul(b, g, y)), transposedInverse(b, x))
);

function columnOf(b: GraphBuilder, x: Value): Value {
  return b.op("Unsqueeze", [x, b.int64s([-2, -1])]);
}

function transposedInverse(b: GraphBuilder, x: Value): Value {
  const rank = rankOf(b, x);
  const inverted = b.op("Inverse", [x], {}, "com.microsoft");
  const perm = [...range(rank - 2), rank - 1, rank - 2];
  return b.op("Transpose", [inverted], { perm });
}

/** Rules of ops on square matrices. */
export const matrixRules = {
  Det: determinant,
  "com.microsoft.Inverse": inverse,
} satisfies GradRules;
