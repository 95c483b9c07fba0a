/** Cross entropy as graph nodes, for the pretraining of the zoo. @module */
import type { GraphBuilder, Value } from "../onnx/build/builder.ts";

/**
 * −Σ weightᵢ · log softmax(logitsᵢ)[labelᵢ]: logits `[rows, classes]`, labels int64 `[rows]`,
 * weights float32 `[rows]`, which are 0 for rows without a label and sum up to 1 for a mean.
 */
export function crossEntropy(
  b: GraphBuilder,
  logits: Value,
  targets: { readonly labels: Value; readonly weights: Value },
): Value {
  const last = b.int64s([1]);
  const logs = b.op("LogSoftmax", [logits], { axis: -1 });
  const picked = b.op("GatherElements", [logs, b.op("Unsqueeze", [targets.labels, last])], {
    axis: 1,
  });
  const weighted = b.op("Mul", [b.op("Squeeze", [picked, last]), targets.weights]);
  return b.op("Neg", [b.op("ReduceSum", [weighted, b.int64s([0])], { keepdims: 0 })]);
}

/**
 * −Σ shareᵢₖ · log softmax(logitsᵢ)ₖ: logits and shares float32 `[rows, classes]`. Shares of a row that
 * sum up to 1/rows make a mean; several classes may have one (Mahajan et al., arXiv 1805.00932).
 */
export function sharedCrossEntropy(b: GraphBuilder, logits: Value, shares: Value): Value {
  const logs = b.op("LogSoftmax", [logits], { axis: -1 });
  const axes = b.int64s([0, 1]);
  return b.op("Neg", [b.op("ReduceSum", [b.op("Mul", [logs, shares]), axes], { keepdims: 0 })]);
}
