/** Softmax and its logarithm. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf } from "../engine/attributes.ts";
import {
  castLike,
  dropWhere,
  isHalf,
  mul,
  numberOf,
  reduceSum,
  sub,
  widen,
} from "../engine/expressions.ts";
import type { GradContext, GradRule, GradRules } from "../engine/rule.ts";

/**
 * The output, 0 where it is NaN if the model itself asks whether it is, or takes 0 instead of some of
 * it: rows of which everything is masked are guarded so, and 0 · NaN would poison the gradient.
 */
function guarded(b: GraphBuilder, y: Value, context: GradContext): Value {
  return isGuarded(b, y, context) ? dropWhere(b, b.op("IsNaN", [y]), y) : y;
}

function isGuarded(b: GraphBuilder, y: Value, context: GradContext): boolean {
  return context.consumers(y).some(({ opType, inputs, outputs }) => {
    if (opType === "Cast") return isGuarded(b, outputs[0]!, context);
    if (opType !== "Where") return opType === "IsNaN";
    return inputs.slice(1).some((branch) => branch !== y && numberOf(b, branch) === 0);
  });
}

/** The gradient before it was made 0 where y is NaN: the guarded output is 0 there anyway. */
function unmasked(b: GraphBuilder, g: Value, y: Value): Value {
  const node = b.producer(g);
  if (node?.opType !== "Where" || numberOf(b, node.inputs[1]!) !== 0) return g;
  const test = b.producer(node.inputs[0]!);
  return test?.opType === "IsNaN" && test.inputs[0] === y ? node.inputs[2]! : g;
}

/** (g − Σ g y) y */
const softmax: GradRule = (node, context) => {
  const { builder: b, outputGrads: [given] } = context;
  if (given === undefined) return [];
  const y = guarded(b, node.outputs[0]!, context);
  const g = y === node.outputs[0] ? given : unmasked(b, given, node.outputs[0]!);
  const mean = meanFromProduct(node, y, g, context);
  if (mean !== undefined) return [mul(b, sub(b, g, mean), y)];
  const wide = widen(b, y);
  const product = mul(b, widen(b, g), wide);
  const sum = reduceSum(b, product, [intOf(node, "axis", -1)], true);
  return [castLike(b, sub(b, product, mul(b, sum, wide)), g)];
};

/**
 * Attention: y is multiplied by values v, o = y v, so that g = d vᵀ and Σ g y = Σ d o, a sum over the
 * width of a head instead of all keys (Dao et al. 2022, appendix B).
 */
function meanFromProduct(node: Node, y: Value, g: Value, context: GradContext): Value | undefined {
  const b = context.builder;
  const axis = intOf(node, "axis", -1);
  const isLast = axis === -1 || axis + 1 === b.rank(y);
  if (!isLast || isHalf(b, g)) return undefined;
  const [d, v] = factorsOf(b, g) ?? [];
  const read = context.consumers(y).find(({ opType, inputs }) =>
    opType === "MatMul" && inputs[0] === y && inputs[1] === v
  );
  if (d === undefined || read === undefined) return undefined;
  const o = read.outputs[0]!;
  const [keys, width] = [b.dims(y)?.at(-1), b.dims(o)?.at(-1)];
  const isShorter = typeof width === "number" && (typeof keys !== "number" || width <= keys);
  return isShorter ? reduceSum(b, mul(b, d, o), [-1], true) : undefined;
}

/** d and v of a value that is computed as d vᵀ. */
function factorsOf(b: GraphBuilder, value: Value): readonly string[] | undefined {
  const node = b.producer(value);
  if (node?.opType !== "FusedMatMul" && node?.opType !== "Gemm") return undefined;
  const plain = intOf(node, "transB", 0) === 1 && intOf(node, "transA", 0) === 0 &&
    floatOf(node, "alpha", 1) === 1 && node.inputs.length === 2;
  return plain ? node.inputs : undefined;
}

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
