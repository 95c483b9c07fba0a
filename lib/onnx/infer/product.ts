/** Rules of matrix products and attention. @module */
import { broadcastDim, broadcastDims, multiplyDims, unknownDim } from "../ir/dim.ts";
import type { Dim } from "../ir/model.ts";
import { addDims } from "../ir/dim.ts";
import { type InferRule, type NodeContext, type OpRow, typed } from "./context.ts";
import { WrongNode } from "./wrong_node.ts";

/** The axes that a product sums over have the same size. @throws {WrongNode} If they have not. */
function checkInner(left: Dim, right: Dim): void {
  if (typeof left === "string" || typeof right === "string" || left === right) return;
  throw new WrongNode(`it sums over an axis of ${left} and one of ${right}`);
}

/** Shape of a matrix product with NumPy's rules for vectors and stacks. @throws {WrongNode} If it has none. */
export function matMulDims(
  a: readonly Dim[] | undefined,
  b: readonly Dim[] | undefined,
): readonly Dim[] | undefined {
  if (a === undefined || b === undefined || a.length === 0 || b.length === 0) return undefined;
  checkInner(a.at(-1)!, b.length === 1 ? b[0]! : b.at(-2)!);
  const rows = a.length === 1 ? [] : [a.at(-2)!];
  const columns = b.length === 1 ? [] : [b.at(-1)!];
  return [...broadcastDims([a.slice(0, -2), b.slice(0, -2)]), ...rows, ...columns];
}

const matMul: InferRule = (
  c,
) => [typed(c.dtype(0) ?? c.dtype(1), matMulDims(c.dims(0), c.dims(1)))];

/** Shape of Gemm's product. */
export const gemm: InferRule = (c) => {
  const a = c.dims(0);
  const b = c.dims(1);
  const [first, second] = [c.int("transA", 0) === 1 ? 1 : 0, c.int("transB", 0) === 1 ? 1 : 0];
  checkInner(a?.[1 - first] ?? unknownDim(), b?.[second] ?? unknownDim());
  return [
    typed(c.dtype(0) ?? c.dtype(1), [
      a?.[first] ?? unknownDim(),
      b?.[1 - second] ?? unknownDim(),
    ]),
  ];
};

const einsum: InferRule = (c) => {
  const shapes = Array.from({ length: c.inputCount }, (_, i) => c.dims(i));
  return [typed(c.dtype(0), einsumDims(c.text("equation", ""), shapes))];
};

/** Shape of an Einsum; letters are labels, `...` represents the axes that have none. */
function einsumDims(
  equation: string,
  shapes: readonly (readonly Dim[] | undefined)[],
): readonly Dim[] | undefined {
  const [left, right] = equation.replaceAll(" ", "").split("->");
  const terms = left!.split(",");
  const sizes = new Map<string, Dim>();
  let rest: readonly Dim[] = [];
  for (const [i, term] of terms.entries()) {
    const dims = shapes[i];
    if (dims === undefined) return undefined;
    const { labels, ellipsis } = matchTerm(term, dims);
    for (const [label, dim] of labels) sizes.set(label, broadcastDim(sizes.get(label) ?? 1, dim));
    rest = broadcastDims([rest, ellipsis]);
  }
  const output = right ?? implicitOutput(left!);
  const [before, after] = output.split("...");
  const sized = (labels: string) => [...labels].map((label) => sizes.get(label) ?? unknownDim());
  return after === undefined ? sized(output) : [...sized(before!), ...rest, ...sized(after)];
}

function matchTerm(term: string, dims: readonly Dim[]) {
  const [before, after] = term.split("...");
  const tail = after ?? "";
  const split = dims.length - tail.length;
  const labels = [
    ...[...before!].map((label, i) => [label, dims[i] ?? unknownDim()] as const),
    ...[...tail].map((label, i) => [label, dims[split + i] ?? unknownDim()] as const),
  ];
  return { labels, ellipsis: after === undefined ? [] : dims.slice(before!.length, split) };
}

function implicitOutput(left: string): string {
  const letters = [...left.replace(/[^A-Za-z]/g, "")];
  const once = letters.filter((l) => letters.indexOf(l) === letters.lastIndexOf(l)).sort();
  return (left.includes("...") ? "..." : "") + once.join("");
}

/** Attention of opset 23: heads apart (rank 4) or packed (rank 3); with keys and values of the past. */
const attention: InferRule = (c) => {
  const q = c.dims(0);
  const k = c.dims(1);
  const v = c.dims(2);
  const dtype = c.dtype(0);
  if (q === undefined || k === undefined || v === undefined) return [typed(dtype)];
  const heads = headsOf(c, q, k, v);
  const past = c.dims(4);
  const total = past === undefined
    ? c.has(4) ? unknownDim() : heads.keyLength
    : addDims(past[2]!, heads.keyLength);
  const present = (size: Dim) => typed(dtype, [q[0]!, heads.keyHeads, total, size]);
  return [
    typed(dtype, heads.output),
    present(heads.keySize),
    present(heads.valueSize),
    typed(dtype, [q[0]!, heads.queryHeads, heads.queryLength, total]),
  ];
};

function headsOf(c: NodeContext, q: readonly Dim[], k: readonly Dim[], v: readonly Dim[]) {
  if (q.length === 4) {
    return {
      output: [...q.slice(0, 3), v[3]!],
      queryHeads: q[1]!,
      keyHeads: k[1]!,
      queryLength: q[2]!,
      keyLength: k[2]!,
      keySize: k[3]!,
      valueSize: v[3]!,
    };
  }
  const queryHeads = c.int("q_num_heads", 1);
  const keyHeads = c.int("kv_num_heads", queryHeads);
  const valueSize = partOf(v[2]!, keyHeads);
  return {
    output: [q[0]!, q[1]!, multiplyDims(valueSize, queryHeads)],
    queryHeads,
    keyHeads,
    queryLength: q[1]!,
    keyLength: k[1]!,
    keySize: partOf(k[2]!, keyHeads),
    valueSize,
  };
}

function partOf(size: Dim, count: number): Dim {
  return typeof size === "number" ? size / count : unknownDim();
}

/** Operators of ai.onnx that multiply matrices. */
export const productRows: Readonly<Record<string, OpRow>> = {
  MatMul: { infer: matMul },
  MatMulInteger: { infer: (c) => [typed("int32", matMulDims(c.dims(0), c.dims(1)))] },
  QLinearMatMul: { infer: (c) => [typed(c.dtype(7), matMulDims(c.dims(0), c.dims(3)))] },
  Gemm: { infer: gemm },
  Einsum: { infer: einsum },
  Attention: { infer: attention },
};
