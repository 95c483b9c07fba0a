/** Softmax and its logarithm. @module */
import type { GraphBuilder, Value } from "../../onnx/builder.ts";
import type { Node } from "../../onnx/model.ts";
import { floatOf, intOf } from "../attributes.ts";
import { castLike, dropWhere, isHalf, mul, reduceSum, sub, widen } from "../expressions.ts";
import type { GradContext, GradRule, GradRules } from "../rule.ts";

/**
 * The output, 0 where it is NaN if the model itself asks whether it is: rows of which everything
 * is masked are guarded so, and 0 · NaN would poison the gradient.
 */
function guarded(b: GraphBuilder, y: Value, context: GradContext): Value {
  return mayBeNaN(y, context) ? dropWhere(b, b.op("IsNaN", [y]), y) : y;
}

function mayBeNaN(y: Value, { consumers }: GradContext): boolean {
  return consumers(y).some(({ opType }) => opType === "IsNaN");
}

/** (g − Σ g y) y */
const softmax: GradRule = (node, context) => {
  const { builder: b, outputGrads: [g] } = context;
  if (g === undefined) return [];
  const mean = meanFromProduct(node, g, context);
  if (mean !== undefined) return [mul(b, sub(b, g, mean), node.outputs[0]!)];
  const y = widen(b, guarded(b, node.outputs[0]!, context));
  const product = mul(b, widen(b, g), y);
  const sum = reduceSum(b, product, [intOf(node, "axis", -1)], true);
  return [castLike(b, sub(b, product, mul(b, sum, y)), g)];
};

/**
 * Attention: y is multiplied by values v, o = y v, so that g = d vᵀ and Σ g y = Σ d o, a sum over the
 * width of a head in place of all keys (Dao et al. 2022, appendix B).
 */
function meanFromProduct(node: Node, g: Value, context: GradContext): Value | undefined {
  const b = context.builder;
  const y = node.outputs[0]!;
  const axis = intOf(node, "axis", -1);
  const isLast = axis === -1 || axis + 1 === b.rank(y);
  if (!isLast || isHalf(b, g) || mayBeNaN(y, context)) return undefined;
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
