/**
 * Ops whose results are integers, booleans, strings or random numbers, or which take no floats: there
 * is nothing to differentiate, so a gradient ends at them.
 *
 * @module
 */
import { type GradRules, piecewiseConstant } from "../engine/rule.ts";

const standard = [
  ...["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "IsInf", "IsNaN"],
  ...["And", "Or", "Xor", "Not", "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor"],
  ...["ArgMax", "ArgMin", "NonZero", "NonMaxSuppression", "Shape", "Size", "SequenceLength"],
  ...["Constant", "ConstantOfShape", "RandomNormal", "RandomUniform", "Multinomial"],
  ...["BlackmanWindow", "HammingWindow", "HannWindow", "MelWeightMatrix"],
  ...["ImageDecoder", "RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit"],
  ...["TfIdfVectorizer", "OptionalHasElement"],
];

const microsoft = [
  ...["IsAllFinite", "MulInteger", "ReduceSumInteger", "MurmurHash3", "Tokenizer"],
  ...["NGramHashMapping", "VarlenNGramHashMapping", "BifurcationDetector", "DynamicTimeWarping"],
];

/** Rules of ops that have no gradient. */
export const discreteRules: GradRules = Object.fromEntries(
  [...standard, ...microsoft.map((opType) => `com.microsoft.${opType}`)]
    .map((op) => [op, piecewiseConstant]),
);
