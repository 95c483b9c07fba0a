/** Rules of operators that reduce axes. @module */
import { unknownDim } from "../ir/dim.ts";
import type { Dim } from "../ir/model.ts";
import { addDims, maxDims, minDims, multiplyDims } from "../ir/dim.ts";
import { roundTo } from "./arithmetic.ts";
import { type EvaluateRule, type NodeContext, type OpRow, typed } from "./context.ts";
import { normalizeAxis } from "../ir/axis.ts";
import { rows } from "./elementwise.ts";
import { forEachIndex, known } from "./known.ts";
import { unknownDims } from "./movement.ts";

/** Axes that a Reduce operator reduces; undefined if they are not known. */
function reducedAxes(c: NodeContext, rank: number): ReadonlySet<number> | undefined {
  const axes = c.intsOrInput("axes", 1);
  if (axes === undefined && c.has(1)) return undefined;
  if (axes !== undefined && axes.length > 0) {
    return new Set(axes.map((a) => normalizeAxis(a, rank)));
  }
  if (c.int("noop_with_empty_axes", 0) === 1) return new Set();
  return new Set(Array.from({ length: rank }, (_, axis) => axis));
}

function reducedDims(c: NodeContext): readonly Dim[] | undefined {
  const dims = c.dims(0);
  const keep = c.int("keepdims", 1) === 1;
  if (dims === undefined) return !keep && !c.has(1) && !c.ints("axes") ? [] : undefined;
  const axes = reducedAxes(c, dims.length);
  if (axes === undefined) return keep ? unknownDims(dims.length) : undefined;
  if (keep) return dims.map((d, axis) => axes.has(axis) ? 1 : d);
  return dims.filter((_, axis) => !axes.has(axis));
}

/** Evaluates a reduction by a step from one element to the next. */
function evaluate(step: (a: Dim, b: Dim) => Dim, start: Dim | undefined): EvaluateRule {
  return (c) => {
    const x = c.known(0);
    const dims = x && reducedDims(c);
    const axes = x && reducedAxes(c, x.dims.length);
    if (dims === undefined || axes === undefined) return undefined;
    const sums = new Map<string, Dim>();
    let at = 0;
    forEachIndex(x!.dims, (index) => {
      const key = index.filter((_, axis) => !axes.has(axis)).join();
      const element = x!.elements[at++]!;
      const sum = sums.get(key) ?? start;
      sums.set(key, sum === undefined ? element : roundTo(step(sum, element), x!.dtype));
    });
    if (sums.size === 0) return undefined;
    return [known(x!.dtype, dims as readonly number[], [...sums.values()])];
  };
}

const reduce: OpRow = { infer: (c) => [typed(c.dtype(0), reducedDims(c))] };

const argExtreme: OpRow = {
  infer: (c) => {
    const dims = c.dims(0);
    if (dims === undefined) return [typed("int64")];
    const at = normalizeAxis(c.int("axis", 0), dims.length);
    const keep = c.int("keepdims", 1) === 1;
    const reduced = dims.map((d, axis) => axis === at ? 1 : d);
    return [typed("int64", keep ? reduced : reduced.filter((_, axis) => axis !== at))];
  },
};

const topK: OpRow = {
  infer: (c) => {
    const dims = c.dims(0);
    const k = c.attribute("k", "int") ?? c.known(1)?.elements[0] ?? unknownDim();
    if (dims === undefined) return [typed(c.dtype(0)), typed("int64")];
    const at = normalizeAxis(c.int("axis", -1), dims.length);
    const taken = dims.map((d, axis) => axis === at ? k : d);
    return [typed(c.dtype(0), taken), typed("int64", taken)];
  },
};

/** Operators of ai.onnx that reduce axes. */
export const reductionRows: Readonly<Record<string, OpRow>> = {
  ...rows(reduce, "ReduceMean", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp"),
  ...rows(reduce, "ReduceSumSquare"),
  ReduceSum: { ...reduce, evaluate: evaluate(addDims, 0) },
  ReduceProd: { ...reduce, evaluate: evaluate(multiplyDims, 1) },
  ReduceMax: { ...reduce, evaluate: evaluate(maxDims, undefined) },
  ReduceMin: { ...reduce, evaluate: evaluate(minDims, undefined) },
  ArgMax: argExtreme,
  ArgMin: argExtreme,
  TopK: topK,
};
