/** Softmax and its logarithm. @module */
import type { GraphBuilder, Value } from "../../onnx/builder.ts";
import { intOf } from "../attributes.ts";
import { castLike, dropWhere, mul, reduceSum, sub, widen } from "../expressions.ts";
import type { GradContext, GradRule, GradRules } from "../rule.ts";

/**
 * The output, 0 where it is NaN if the model itself asks whether it is: rows of which everything
 * is masked are guarded so, and 0 · NaN would poison the gradient.
 */
function guarded(b: GraphBuilder, y: Value, { consumers }: GradContext): Value {
  const asked = consumers(y).some(({ opType }) => opType === "IsNaN");
  return asked ? dropWhere(b, b.op("IsNaN", [y]), y) : y;
}

/** (g − Σ g y) y */
const softmax: GradRule = (node, context) => {
  const { builder: b, outputGrads: [g] } = context;
  if (g === undefined) return [];
  const y = widen(b, guarded(b, node.outputs[0]!, context));
  const product = mul(b, widen(b, g), y);
  const mean = reduceSum(b, product, [intOf(node, "axis", -1)], true);
  return [castLike(b, sub(b, product, mul(b, mean, y)), g)];
};

/** g − eʸ Σ g */
const logSoftmax: GradRule = (node, { builder: b, outputGrads: [narrow] }) => {
  if (narrow === undefined) return [];
  const g = widen(b, narrow);
  const sum = reduceSum(b, g, [intOf(node, "axis", -1)], true);
  const p = b.op("Exp", [widen(b, node.outputs[0]!)]);
  return [castLike(b, sub(b, g, mul(b, p, sum)), narrow)];
};

/** Rules of Softmax and LogSoftmax. */
export const softmaxRules = { Softmax: softmax, LogSoftmax: logSoftmax } satisfies GradRules;
