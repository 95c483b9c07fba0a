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
