/** Elementwise functions on known elements: of numbers, and of symbols where that makes sense. @module */
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { fromFloat16, toFloat16 } from "../../tensor/float16.ts";
import { fromBfloat16, toBfloat16 } from "../../tensor/float16.ts";
import {
  addDims,
  broadcastDims,
  compareDims,
  divideDims,
  maxDims,
  minDims,
  moduloDims,
  multiplyDims,
  subtractDims,
  unknownDim,
} from "../ir/dim.ts";
import type { Dim } from "../ir/model.ts";
import { broadcastSource, forEachIndex, type Known, known } from "./known.ts";

/** An elementwise function; without `symbolic`, a symbol makes the result unknown. */
export interface ElementFunction {
  /** `integer` says that the operands are integers. */
  readonly numeric: (values: readonly number[], integer: boolean) => number | undefined;
  readonly symbolic?: (values: readonly Dim[]) => Dim | undefined;
  /** Whether symbols may be floats: the result is whole if all operands are. */
  readonly symbolicFloats?: boolean;
  /** Whether the result is an operand or a truth value, and needs no rounding. */
  readonly chooses?: boolean;
}

function unary(f: (x: number) => number): ElementFunction {
  return { numeric: ([x]) => f(x!) };
}

/** A unary function that gives whole numbers for whole numbers. */
function wholeUnary(
  numeric: (x: number) => number,
  symbolic: (x: Dim) => Dim | undefined,
): ElementFunction {
  return { numeric: ([x]) => numeric(x!), symbolic: ([x]) => symbolic(x!), symbolicFloats: true };
}

function binary(
  numeric: (a: number, b: number, integer: boolean) => number | undefined,
  symbolic?: (a: Dim, b: Dim) => Dim | undefined,
): ElementFunction {
  return {
    numeric: ([a, b], integer) => numeric(a!, b!, integer),
    ...(symbolic && { symbolic: ([a, b]) => symbolic(a!, b!) }),
  };
}

/** A comparison; of symbols where the answer is the same for all their values. */
function comparison(decide: (sign: -1 | 0 | 1) => boolean): ElementFunction {
  const symbolic = (a: Dim, b: Dim) => {
    const sign = compareDims(a, b);
    return sign === undefined ? undefined : Number(decide(sign));
  };
  const compared = binary((a, b, integer) => {
    if (Number.isNaN(a) || Number.isNaN(b)) return 0;
    // Doubles round large integers: those of one double may still differ.
    if (integer && a === b && !Number.isSafeInteger(a)) return undefined;
    return Number(decide(a < b ? -1 : a > b ? 1 : 0));
  }, symbolic);
  return { ...compared, chooses: true };
}

/** A function of the bits of integers, of any width in two's complement. */
function bitwise(f: (a: bigint, b: bigint) => bigint): ElementFunction {
  return binary((a, b) => Number(f(BigInt(a), BigInt(b))));
}

function fold(
  step: (a: number, b: number) => number,
  symbolic: (a: Dim, b: Dim) => Dim,
): ElementFunction {
  return {
    numeric: (v) => v.reduce(step),
    symbolic: (v) => v.reduce(symbolic),
    symbolicFloats: true,
  };
}

/** The remainder with the sign of the divisor, as Python's. */
function floorModulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** A symbol that is known to be whole; one that stands for an unknown float may not be. */
const wholeSymbol = (x: Dim) => typeof x === "string" && x.includes("?") ? undefined : x;

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/** Functions by operator. Their operands are broadcast to one shape. */
export const elementFunctions: Readonly<Record<string, ElementFunction>> = {
  Add: binary((a, b) => a + b, addDims),
  Sub: binary((a, b) => a - b, subtractDims),
  Mul: binary((a, b) => a * b, multiplyDims),
  Div: binary((a, b, integer) => integer ? Math.trunc(a / b) : a / b, divideDims),
  Pow: binary((a, b) => a ** b),
  Max: { ...fold((a, b) => a !== a || b !== b ? NaN : Math.max(a, b), maxDims), chooses: true },
  Min: { ...fold((a, b) => a !== a || b !== b ? NaN : Math.min(a, b), minDims), chooses: true },
  Sum: fold((a, b) => a + b, addDims),
  Mod: binary((a, b, integer) => integer ? floorModulo(a, b) : a % b, moduloDims),
  And: binary((a, b) => a && b, (a, b) => a === 0 || b === 0 ? 0 : undefined),
  Or: binary((a, b) => a || b, (a, b) => a === 1 || b === 1 ? 1 : undefined),
  Xor: binary((a, b) => a ^ b),
  Equal: comparison((s) => s === 0),
  Greater: comparison((s) => s > 0),
  GreaterOrEqual: comparison((s) => s >= 0),
  Less: comparison((s) => s < 0),
  LessOrEqual: comparison((s) => s <= 0),
  Where: {
    numeric: ([c, a, b]) => c ? a! : b!,
    symbolic: ([c, a, b]) => typeof c === "number" ? (c ? a! : b!) : a === b ? a! : undefined,
    symbolicFloats: true,
    chooses: true,
  },
  Neg: wholeUnary((x) => -x, (x) => subtractDims(0, x)),
  Abs: wholeUnary(Math.abs, (x) => maxDims(x, subtractDims(0, x))),
  Relu: wholeUnary((x) => Math.max(0, x), (x) => maxDims(x, 0)),
  Identity: { ...wholeUnary((x) => x, (x) => x), chooses: true },
  Floor: wholeUnary(Math.floor, wholeSymbol),
  Ceil: wholeUnary(Math.ceil, wholeSymbol),
  Round: wholeUnary(roundHalfEven, wholeSymbol),
  Not: unary((x) => x ? 0 : 1),
  Sign: unary(Math.sign),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tanh: unary(Math.tanh),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  IsNaN: unary((x) => Number(Number.isNaN(x))),
  BitwiseAnd: bitwise((a, b) => a & b),
  BitwiseOr: bitwise((a, b) => a | b),
  BitwiseXor: bitwise((a, b) => a ^ b),
  BitwiseNot: unary((x) => -1 - x),
};

/** `Mod` with `fmod`: the remainder with the sign of the dividend, as C's. */
export const truncatedModulo: ElementFunction = binary((a, b) => a % b, (a, b) => {
  const rest = moduloDims(a, b);
  return typeof rest === "number" ? rest : undefined;
});

const rounders: Partial<Record<DType, (x: number) => number>> = {
  float32: Math.fround,
  float64: (x) => x,
  float16: (x) => fromFloat16(toFloat16(x)),
  bfloat16: (x) => fromBfloat16(toBfloat16(x)),
  bool: (x) => x ? 1 : 0,
};

const widths: Partial<Record<DType, (x: number) => number>> = {
  int32: (x) => x | 0,
  uint32: (x) => x >>> 0,
  int16: (x) => (x << 16) >> 16,
  uint16: (x) => x & 0xffff,
  int8: (x) => (x << 24) >> 24,
  uint8: (x) => x & 0xff,
};

/**
 * The value as an element type holds it: rounded, cut to an integer, wrapped around. An integer that
 * doubles may have rounded, or that only 64 bits could wrap around, is unknown.
 */
export function roundTo(value: Dim, dtype: DType): Dim {
  if (typeof value === "string") return value;
  const rounder = rounders[dtype];
  if (rounder !== undefined) return rounder(value);
  const whole = Math.trunc(value);
  if (!Number.isSafeInteger(whole) || (dtype === "uint64" && whole < 0)) return unknownDim();
  return (widths[dtype]?.(whole) ?? whole) + 0;
}

/** Applies a function to operands that are broadcast to one shape. */
export function mapElements(f: ElementFunction, dtype: DType, operands: readonly Known[]): Known {
  const dims = broadcastDims(operands.map((o) => o.dims)) as readonly number[];
  const sources = operands.map((o) => broadcastSource(o.dims, dims.length));
  const integer = operands.every((o) => !dtypes[o.dtype].float);
  const elements: Dim[] = [];
  forEachIndex(dims, (index) => {
    const values = operands.map((o, i) => o.elements[sources[i]!(index)]!);
    const result = apply(f, values, integer) ?? unknownDim();
    elements.push(f.chooses ? result : roundTo(result, dtype));
  });
  return known(dtype, dims, elements);
}

function apply(f: ElementFunction, values: readonly Dim[], integer: boolean): Dim | undefined {
  if (values.every((v) => typeof v === "number")) {
    const isExact = f.chooses || !integer || values.every(Number.isSafeInteger);
    return isExact ? f.numeric(values, integer) : undefined;
  }
  return integer || (f.symbolicFloats && values.every(isWhole)) ? f.symbolic?.(values) : undefined;
}

const isWhole = (v: Dim) => typeof v === "string" || Number.isInteger(v);
