/** STFT: overlapping frames, each times the window, transformed. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { intOf } from "../engine/attributes.ts";
import { add, castLike, constantInts, dimOf, mul, rankOf, sub } from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { positions } from "./attention_core.ts";

const shortTimeFourier: Decomposition = (node, b) => {
  const [signal, step, window] = node.inputs as [Value, Value, Value?];
  const x = rankOf(b, signal) === 2 ? b.op("Unsqueeze", [signal, b.int64s([-1])]) : signal;
  const length = frameLength(b, node);
  const starts = mul(b, positions(b, frameCount(b, x, step, length)), vector(b, step));
  const column = b.op("Unsqueeze", [starts, b.int64s([1])]);
  const frames = b.op("Gather", [x, add(b, column, positions(b, length))], { axis: 1 });
  const weights = window && b.op("Unsqueeze", [castLike(b, window, x), b.int64s([-1])]);
  const weighted = weights ? mul(b, frames, weights) : frames;
  const onesided = intOf(node, "onesided", 1);
  return [
    b.opset < 20
      ? b.op("DFT", [weighted], { axis: 2, onesided })
      : b.op("DFT", [weighted, undefined, b.scalar(2, "int64")], { onesided }),
  ];
};

/** Decomposition of STFT. */
export const fourierDecompositions = { STFT: shortTimeFourier } satisfies Decompositions;

/** Given, or that of the window; an int64 value of shape [1]. */
function frameLength(b: GraphBuilder, node: Node): Value {
  const [, , window, length] = node.inputs;
  refuse(node, !window && !length, "it has neither a window nor a frame length");
  return length ? vector(b, length) : dimOf(b, window!, 0);
}

function vector(b: GraphBuilder, scalar: Value): Value {
  const known = constantInts(b, scalar);
  return known
    ? b.int64s(known)
    : b.op("Reshape", [castLike(b, scalar, b.int64s([0])), b.int64s([1])]);
}

/** (length − frame) / step + 1 */
function frameCount(b: GraphBuilder, x: Value, step: Value, frame: Value): Value {
  const rest = sub(b, dimOf(b, x, 1), frame);
  return add(b, b.op("Div", [rest, vector(b, step)]), b.int64s([1]));
}
