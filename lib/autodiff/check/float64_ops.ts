/**
 * Operators that ONNX Runtime's processor computes in float64 as well; around all others values are
 * cast. A test runs each of them.
 *
 * @module
 */
const arithmetic = ["Add", "Sub", "Mul", "Div", "Pow", "Mod", "Neg", "Abs", "Sign", "Reciprocal"];
const comparison = ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Where", "IsNaN"];
const rounding = ["Floor", "Ceil", "Round", "Cast", "CastLike", "Clip", "Max", "Min", "IsInf"];
const functions = ["Exp", "Log", "Sqrt", "Sin", "Tanh", "Sigmoid", "Relu"];
const products = ["MatMul", "Gemm", "Einsum", "Det", "CumSum", "Sum"];
const normalization = ["Softmax", "LogSoftmax", "BatchNormalization"];
const reductions = ["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd"]
  .concat(["ReduceSumSquare", "ReduceLogSumExp", "ArgMax", "ArgMin", "TopK", "MaxPool"]);
const movement = ["Concat", "Split", "Slice", "Reshape", "Flatten", "Transpose", "Squeeze"]
  .concat(["Unsqueeze", "Expand", "Tile", "Pad", "Identity", "Trilu", "DepthToSpace"])
  .concat(["SpaceToDepth", "ReverseSequence", "Shape", "Size", "NonZero", "Compress"]);
const indexing = ["Gather", "GatherND", "GatherElements", "ScatterND", "ScatterElements"];
const creation = ["Constant", "ConstantOfShape", "EyeLike", "Range"];
const containers = ["SequenceConstruct", "SequenceAt", "SequenceInsert", "SequenceLength"]
  .concat(["SequenceEmpty", "SequenceErase", "SplitToSequence", "ConcatFromSequence"]);
const controlFlow = ["If", "Loop", "Scan"];

/** Ops of the default domain with float64 kernels. */
export const float64Ops: ReadonlySet<string> = new Set([
  ...arithmetic,
  ...comparison,
  ...rounding,
  ...functions,
  ...products,
  ...normalization,
  ...reductions,
  ...movement,
  ...indexing,
  ...creation,
  ...containers,
  ...controlFlow,
]);
