/**
 * Products of matrices. Transposes are flags of Gemm and FusedMatMul, so that no weight is copied;
 * batched products go back as batched products and are summed to the shape of a broadcast operand.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf } from "../engine/attributes.ts";
import { range, rankOf, scale } from "../engine/expressions.ts";
import { unbroadcast } from "../engine/unbroadcast.ts";
import { elementwise, type GradContext, type GradRule, type GradRules } from "../engine/rule.ts";

interface ProductFlags {
  readonly transA?: boolean;
  readonly transB?: boolean;
}

/** op(x) · op(z) over the last two dims, the batch dims broadcast. */
export function product(b: GraphBuilder, x: Value, z: Value, flags: ProductFlags = {}): Value {
  const { transA = false, transB = false } = flags;
  if (!transA && !transB) return b.op("MatMul", [x, z]);
  if (b.rank(x) === 2 && b.rank(z) === 2) {
    return b.op("Gemm", [x, z], { transA: transA ? 1 : 0, transB: transB ? 1 : 0 });
  }
  // FusedMatMul exists for float32 and float16 only.
  if (b.dtype(x) === "float64") {
    return b.op("MatMul", [transA ? swap(b, x) : x, transB ? swap(b, z) : z]);
  }
  const attributes = { transA: transA ? 1 : 0, transB: transB ? 1 : 0 };
  return b.op("FusedMatMul", [x, z], attributes, "com.microsoft");
}

/** Transposes the last two dims. */
function swap(b: GraphBuilder, x: Value): Value {
  const rank = rankOf(b, x);
  return b.op("Transpose", [x], { perm: [...range(rank - 2), rank - 1, rank - 2] });
}

/** The value as one matrix of all its rows. */
function rows(b: GraphBuilder, x: Value): Value {
  if (b.rank(x) === 2) return x;
  const width = b.dims(x)?.at(-1);
  const columns = typeof width === "number"
    ? b.int64s([-1, width])
    : b.op("Concat", [b.int64s([-1]), b.op("Shape", [x], { start: -1 })], { axis: 0 });
  return b.op("Reshape", [x, columns]);
}

/** ∂/∂z of x · z for matrices: xᵀ · g, as one product of all rows where z has no batch. */
function rightGrad(b: GraphBuilder, x: Value, z: Value, g: Value): Value {
  if (b.rank(z) === 2) return product(b, rows(b, x), rows(b, g), { transA: true });
  return product(b, x, g, { transA: true });
}

/** Vectors are matrices of one row (left) or one column (right). */
function matmulGrads(node: Node, { builder: b, outputGrads, needs }: GradContext) {
  const [x, z] = node.inputs as [Value, Value];
  const isRow = rankOf(b, x) === 1;
  const isColumn = rankOf(b, z) === 1;
  const missing = [...(isRow ? [-2] : []), ...(isColumn ? [-1] : [])];
  let g = outputGrads[0]!;
  if (isRow && isColumn) g = b.op("Reshape", [g, b.int64s([1, 1])]);
  else if (missing.length > 0) g = b.op("Unsqueeze", [g, b.int64s(missing)]);
  const left = isRow ? b.op("Unsqueeze", [x, b.int64s([0])]) : x;
  const right = isColumn ? b.op("Unsqueeze", [z, b.int64s([1])]) : z;
  return [
    needs(0) ? squeezeVector(b, product(b, g, right, { transB: true }), isRow, -2) : undefined,
    needs(1) ? squeezeVector(b, rightGrad(b, left, right, g), isColumn, -1) : undefined,
  ];
}

function squeezeVector(b: GraphBuilder, grad: Value, isVector: boolean, axis: number): Value {
  return isVector ? b.op("Squeeze", [grad, b.int64s([axis])]) : grad;
}

const matmul: GradRule = elementwise((node, context) =>
  context.outputGrads[0] === undefined ? [] : matmulGrads(node, context)
);

/** Gradients of op(A) · op(B): the operand that was transposed gets its gradient transposed. */
function productGrads(node: Node, context: GradContext, alpha: number): (Value | undefined)[] {
  const { builder: b, outputGrads, needs } = context;
  const [x, z] = node.inputs as [Value, Value];
  const transA = intOf(node, "transA", 0) === 1;
  const transB = intOf(node, "transB", 0) === 1;
  const g = scale(b, outputGrads[0]!, alpha);
  const left = () =>
    transA
      ? product(b, z, g, { transA: transB, transB: true })
      : product(b, g, z, { transB: !transB });
  const right = () => {
    if (transB) return product(b, g, x, { transA: true, transB: transA });
    return transA ? product(b, x, g) : rightGrad(b, x, z, g);
  };
  return [needs(0) ? left() : undefined, needs(1) ? right() : undefined];
}

/** αAB + βC. */
const gemm: GradRule = elementwise((node, context) => {
  const g = context.outputGrads[0];
  if (g === undefined) return [];
  const grads = productGrads(node, context, floatOf(node, "alpha", 1));
  const bias = context.needs(2) ? scale(context.builder, g, floatOf(node, "beta", 1)) : undefined;
  return [...grads, bias];
});

/** αAB, where `transBatch…` says that the first axis of an operand is its rows, the others its batch. */
const fusedMatMul: GradRule = elementwise((node, context) => {
  if (context.outputGrads[0] === undefined) return [];
  const { builder: b } = context;
  const turned = ["transBatchA", "transBatchB"].map((name) => intOf(node, name, 0) === 1);
  const inputs = node.inputs.map((x, i) => turned[i] ? batchFirst(b, x) : x);
  const grads = productGrads({ ...node, inputs }, context, floatOf(node, "alpha", 1));
  return grads.map((grad, i) =>
    grad && turned[i] ? rowsFirst(b, unbroadcast(b, grad, inputs[i]!)) : grad
  );
});

/** [M, …batch, K] → [batch…, M, K] */
function batchFirst(b: GraphBuilder, x: Value): Value {
  const rank = rankOf(b, x);
  return b.op("Transpose", [x], { perm: [...range(rank - 1).slice(1), 0, rank - 1] });
}

/** Undoes {@link batchFirst}. */
function rowsFirst(b: GraphBuilder, x: Value): Value {
  const rank = rankOf(b, x);
  return b.op("Transpose", [x], { perm: [rank - 2, ...range(rank - 2), rank - 1] });
}

/** Rules of products of matrices. */
export const matmulRules = {
  MatMul: matmul,
  Gemm: gemm,
  "com.microsoft.FusedMatMul": fusedMatMul,
  "com.microsoft.TransposeMatMul": fusedMatMul,
} satisfies GradRules;
