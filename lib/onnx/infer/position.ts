/** Rules of operators that depend on positions: triangles, running sums, pads, elements by index. @module */
import { addDims } from "../ir/dim.ts";
import { dtypeOfDataType, isDType } from "../ir/data_type.ts";
import type { Dim } from "../ir/model.ts";
import { roundTo } from "./arithmetic.ts";
import { type NodeContext, type OpRow, typed } from "./context.ts";
import { normalizeAxis } from "../ir/axis.ts";
import { sameAsInput } from "./elementwise.ts";
import { forEachIndex, known, rearrange, reshaped, stridesOf } from "./known.ts";
import { unknownDims } from "./movement.ts";
import { WrongNode } from "./wrong_node.ts";

const triangle: OpRow = {
  infer: sameAsInput,
  evaluate: (c) => {
    const x = c.known(0);
    const shift = c.has(1) ? c.numbers(1)?.[0] : 0;
    if (x === undefined || shift === undefined) return undefined;
    const upper = c.int("upper", 1) === 1;
    const elements: Dim[] = [];
    forEachIndex(x.dims, (index) => {
      const offset = index.at(-1)! - index.at(-2)!;
      const kept = upper ? offset >= shift : offset <= shift;
      elements.push(kept ? x.elements[elements.length]! : 0);
    });
    return [known(x.dtype, x.dims, elements)];
  },
};

const runningSum: OpRow = {
  infer: sameAsInput,
  evaluate: (c) => {
    const x = c.known(0);
    const at = c.numbers(1)?.[0];
    if (x === undefined || at === undefined) return undefined;
    const axis = normalizeAxis(at, x.dims.length);
    const size = x.dims[axis]!;
    const stride = stridesOf(x.dims)[axis]!;
    const backwards = c.int("reverse", 0) === 1;
    const exclusive = c.int("exclusive", 0) === 1;
    const sums: Dim[] = new Array(x.elements.length);
    forEachIndex(x.dims.with(axis, 1), (index) => {
      const start = index.reduce((sum, i, a) => sum + i * stridesOf(x.dims)[a]!, 0);
      let sum: Dim = 0;
      for (let i = 0; i < size; i++) {
        const position = start + (backwards ? size - 1 - i : i) * stride;
        const next: Dim = roundTo(addDims(sum, x.elements[position]!), x.dtype);
        sums[position] = exclusive ? sum : next;
        sum = next;
      }
    });
    return [known(x.dtype, x.dims, sums)];
  },
};

const eyeDType = (c: NodeContext) => {
  const to = c.attribute("dtype", "int");
  return to === undefined ? c.dtype(0) : dtypeOfDataType(to);
};

const eyeLike: OpRow = {
  infer: (c) => [typed(eyeDType(c), c.dims(0))],
  evaluate: (c) => {
    const dims = c.dims(0);
    const dtype = eyeDType(c);
    const small = dims?.every((d) => typeof d === "number" && d <= 64);
    if (!small || !isDType(dtype)) return undefined;
    const elements: Dim[] = [];
    forEachIndex(dims as readonly number[], ([row, column]) => {
      elements.push(column! - row! === c.int("k", 0) ? 1 : 0);
    });
    return [known(dtype, dims as readonly number[], elements)];
  },
};

function paddedAxes(c: NodeContext, rank: number): readonly number[] | undefined {
  if (!c.has(3)) return Array.from({ length: rank }, (_, axis) => axis);
  return c.numbers(3)?.map((axis) => normalizeAxis(axis, rank));
}

const pad: OpRow = {
  infer: (c) => {
    const dims = c.dims(0);
    if (dims === undefined) return [typed(c.dtype(0))];
    const pads = c.ints("pads") ?? c.known(1)?.elements;
    const axes = paddedAxes(c, dims.length);
    if (pads === undefined || axes === undefined) {
      return [typed(c.dtype(0), unknownDims(dims.length))];
    }
    if (pads.length !== 2 * axes.length) {
      throw new WrongNode(`it has ${pads.length} pads for ${axes.length} axes, expected two each`);
    }
    const padded = [...dims];
    axes.forEach((axis, i) => {
      padded[axis] = addDims(padded[axis]!, addDims(pads[i]!, pads[i + axes.length]!));
    });
    return [typed(c.dtype(0), padded)];
  },
  evaluate: (c) => {
    const x = c.known(0);
    const pads = c.ints("pads") ?? c.numbers(1);
    const axes = x && paddedAxes(c, x.dims.length);
    const fill = c.has(2) ? c.known(2)?.elements[0] : c.float("value", 0);
    const constant = c.text("mode", "constant") === "constant";
    if (!constant || pads === undefined || axes === undefined || fill === undefined) {
      return undefined;
    }
    const before = x!.dims.map(() => 0);
    const dims = [...x!.dims];
    axes.forEach((axis, i) => {
      before[axis] = pads[i]!;
      dims[axis]! += pads[i]! + pads[i + axes.length]!;
    });
    const strides = stridesOf(x!.dims);
    const elements: Dim[] = [];
    forEachIndex(dims, (index) => {
      const source = index.map((i, axis) => i - before[axis]!);
      const inside = source.every((i, axis) => i >= 0 && i < x!.dims[axis]!);
      const at = source.reduce((sum, i, axis) => sum + i * strides[axis]!, 0);
      elements.push(inside ? x!.elements[at]! : fill);
    });
    return [known(x!.dtype, dims, elements)];
  },
};

const gatherElements: OpRow = {
  infer: (c) => [typed(c.dtype(0), c.dims(1))],
  evaluate: (c) => {
    const x = c.known(0);
    const indices = c.numbers(1);
    if (x === undefined || indices === undefined) return undefined;
    const axis = normalizeAxis(c.int("axis", 0), x.dims.length);
    const strides = stridesOf(x.dims);
    let next = 0;
    return [
      rearrange(x, c.known(1)!.dims, (index) => {
        const taken = normalizeAxis(indices[next++]!, x.dims[axis]!);
        return index.reduce((sum, i, a) => sum + (a === axis ? taken : i) * strides[a]!, 0);
      }),
    ];
  },
};

const gatherND: OpRow = {
  infer: (c) => {
    const data = c.dims(0);
    const indices = c.dims(1);
    const depth = indices?.at(-1);
    if (data === undefined || indices === undefined || typeof depth !== "number") {
      return [typed(c.dtype(0))];
    }
    const batch = c.int("batch_dims", 0);
    return [typed(c.dtype(0), [...indices.slice(0, -1), ...data.slice(batch + depth)])];
  },
  evaluate: (c) => {
    const x = c.known(0);
    const indices = c.numbers(1);
    if (x === undefined || indices === undefined || c.int("batch_dims", 0) !== 0) return undefined;
    const shape = c.known(1)!.dims;
    const depth = shape.at(-1)!;
    const strides = stridesOf(x.dims);
    const inner = x.dims.slice(depth);
    const block = inner.reduce((a, b) => a * b, 1);
    const elements: Dim[] = [];
    for (let i = 0; i < indices.length; i += depth) {
      let start = 0;
      for (let a = 0; a < depth; a++) {
        start += normalizeAxis(indices[i + a]!, x.dims[a]!) * strides[a]!;
      }
      elements.push(...x.elements.slice(start, start + block));
    }
    const flat = known(x.dtype, [elements.length], elements);
    return [reshaped(flat, [...shape.slice(0, -1), ...inner])];
  },
};

/** Operators of ai.onnx that look at positions. */
export const positionRows: Readonly<Record<string, OpRow>> = {
  Trilu: triangle,
  CumSum: runningSum,
  EyeLike: eyeLike,
  Pad: pad,
  GatherElements: gatherElements,
  GatherND: gatherND,
};
