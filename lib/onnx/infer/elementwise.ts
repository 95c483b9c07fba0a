/** Rules of operators that work element by element. @module */
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { dtypeOfDataType, type ElementType, isDType } from "../ir/data_type.ts";
import { broadcastDims } from "../ir/dim.ts";
import {
  type ElementFunction,
  elementFunctions,
  mapElements,
  roundTo,
  truncatedModulo,
} from "./arithmetic.ts";
import {
  type EvaluateRule,
  type InferRule,
  type NodeContext,
  type OpRow,
  typed,
} from "./context.ts";
import { type Known, known } from "./known.ts";
import type { Dim } from "../ir/model.ts";
import { WrongNode } from "./wrong_node.ts";

/** Shape that the inputs from `first` on are broadcast to. */
export function broadcastInputs(context: NodeContext, first = 0) {
  const shapes = [];
  for (let i = first; i < context.inputCount; i++) {
    const dims = context.dims(i);
    if (dims === undefined) return undefined;
    shapes.push(dims);
  }
  return fitting(shapes);
}

/** The shape that shapes are broadcast to. @throws {WrongNode} If sizes other than 1 differ. */
function fitting(shapes: readonly (readonly Dim[])[]): readonly Dim[] {
  const joined = broadcastDims(shapes);
  for (const dims of shapes) {
    const shift = joined.length - dims.length;
    for (let axis = 0; axis < dims.length; axis++) {
      const [size, other] = [dims[axis]!, joined[shift + axis]!];
      if (size === other || size === 1) continue;
      if (typeof size === "string" || typeof other === "string") continue;
      const texts = shapes.map((shape) => `[${shape.join(", ")}]`);
      throw new WrongNode(`its inputs of shapes ${texts.join(" and ")} cannot be broadcast`);
    }
  }
  return joined;
}

/** The first output has the type of the first input. */
export const sameAsInput: InferRule = (c) => [c.type(0)];

const broadcast: InferRule = (c) => [typed(commonDType(c), broadcastInputs(c))];

/** Element type of inputs that all have the same; powers and shifts may differ from what they act on. */
function commonDType(c: NodeContext): ElementType | undefined {
  let first = c.dtype(0) ?? c.dtype(1);
  if (mixes.has(c.node.opType)) return first;
  for (let i = 1; i < c.inputCount; i++) {
    const other = c.dtype(i) ?? first;
    first ??= other;
    if (other !== first) throw new WrongNode(`it mixes ${first} and ${other}`);
  }
  return first;
}

const mixes: ReadonlySet<string> = new Set(["Pow", "BitShift"]);

const compare: InferRule = (c) => {
  commonDType(c);
  return [typed("bool", broadcastInputs(c))];
};

const unaryToBool: InferRule = (c) => [typed("bool", c.dims(0))];

/** Evaluates a function on all inputs: by default that of the node's operator. */
function evaluateElements(
  result: (context: NodeContext) => DType | undefined,
  functionOf = (c: NodeContext): ElementFunction | undefined => elementFunctions[c.node.opType],
): EvaluateRule {
  return (c) => {
    const operands = knownInputs(c);
    const dtype = result(c);
    const f = functionOf(c);
    if (operands === undefined || f === undefined || dtype === undefined) return undefined;
    return [mapElements(f, dtype, operands)];
  };
}

function knownInputs(c: NodeContext): Known[] | undefined {
  const operands: Known[] = [];
  for (let i = 0; i < c.inputCount; i++) {
    const operand = c.known(i);
    if (operand === undefined) return undefined;
    operands.push(operand);
  }
  return operands.length > 0 ? operands : undefined;
}

const evaluateSame = evaluateElements((c) => c.known(0)?.dtype);
const evaluateBool = evaluateElements(() => "bool");

const unary: OpRow = { infer: sameAsInput };
const evaluatedUnary: OpRow = { infer: sameAsInput, evaluate: evaluateSame };
const arithmetic: OpRow = { infer: broadcast, evaluate: evaluateSame };
const modulo: OpRow = {
  infer: broadcast,
  evaluate: evaluateElements(
    (c) => c.known(0)?.dtype,
    (c) => c.int("fmod", 0) === 1 ? truncatedModulo : elementFunctions.Mod,
  ),
};
const comparison: OpRow = { infer: compare, evaluate: evaluateBool };

/** Rows that share one rule. */
export function rows(row: OpRow, ...names: string[]): Record<string, OpRow> {
  return Object.fromEntries(names.map((name) => [name, row]));
}

const castDType = (c: NodeContext) => dtypeOfDataType(c.int("to", 1));

const cast: OpRow = {
  infer: (c) => [typed(castDType(c), c.dims(0))],
  evaluate: (c) => evaluateCast(c.known(0), castDType(c)),
};

const castLike: OpRow = {
  infer: (c) => [typed(c.dtype(1), c.dims(0))],
  evaluate: (c) => evaluateCast(c.known(0), c.dtype(1)),
};

function evaluateCast(x: Known | undefined, dtype: ElementType | undefined) {
  if (x === undefined || !isDType(dtype)) return undefined;
  if (x.dtype === dtype) return [x];
  const intoBool = dtype === "bool" && x.elements.some((e) => typeof e === "string");
  if (intoBool || !x.elements.every(dtypes[x.dtype].float ? isFinite : isExact)) return undefined;
  return [known(dtype, x.dims, x.elements.map((e) => roundTo(e, dtype)))];
}

const isExact = (e: unknown) => typeof e === "string" || Number.isSafeInteger(e);

const isFinite = (e: unknown) => typeof e === "string" || Number.isFinite(e);

const where: OpRow = {
  infer: (c) => [typed(c.dtype(1) ?? c.dtype(2), broadcastInputs(c))],
  evaluate: evaluateElements((c) => c.known(1)?.dtype),
};

const clip: OpRow = {
  infer: sameAsInput,
  evaluate: (c) => {
    const x = c.numbers(0);
    const low = c.has(1) ? c.numbers(1)?.[0] : c.float("min", -Infinity);
    const high = c.has(2) ? c.numbers(2)?.[0] : c.float("max", Infinity);
    if (x === undefined || low === undefined || high === undefined) return undefined;
    const { dtype, dims } = c.known(0)!;
    return [known(dtype, dims, x.map((v) => Math.min(Math.max(v, low), high)))];
  },
};

const dropout: OpRow = { infer: (c) => [c.type(0), typed("bool", c.dims(0))] };

/** Operators of ai.onnx that work element by element. */
export const elementwiseRows: Readonly<Record<string, OpRow>> = {
  ...rows(arithmetic, "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Mean", "Sum"),
  ...rows(arithmetic, "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitShift", "PRelu"),
  ...rows(comparison, "And", "Or", "Xor", "Equal"),
  ...rows(comparison, "Greater", "GreaterOrEqual", "Less", "LessOrEqual"),
  ...rows(evaluatedUnary, "Neg", "Abs", "Relu", "Floor", "Ceil", "Round", "Sign"),
  ...rows(evaluatedUnary, "Sqrt", "Reciprocal", "Exp", "Log", "Sin", "Cos", "Tanh", "Sigmoid"),
  ...rows(evaluatedUnary, "BitwiseNot"),
  Not: { infer: unaryToBool, evaluate: evaluateBool },
  IsNaN: { infer: unaryToBool, evaluate: evaluateBool },
  IsInf: { infer: unaryToBool },
  ...rows(unary, "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cosh", "Sinh", "Tan", "Erf"),
  ...rows(unary, "Celu", "Elu", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "Selu"),
  ...rows(unary, "Shrink", "Softplus", "Softsign", "Swish", "ThresholdedRelu"),
  ...rows(unary, "Softmax", "LogSoftmax", "Hardmax", "LpNormalization", "LRN"),
  ...rows(unary, "InstanceNormalization", "GroupNormalization", "MeanVarianceNormalization"),
  ...rows(unary, "ReverseSequence", "ScatterND", "ScatterElements", "Scatter"),
  ...rows(unary, "RotaryEmbedding", "TensorScatter"),
  Mod: modulo,
  Identity: { infer: (c) => [c.valueType(0)], evaluate: evaluateSame },
  Cast: cast,
  CastLike: castLike,
  Where: where,
  Clip: clip,
  Dropout: dropout,
};
