/** Rules of operators that move elements without changing them. @module */
import type { Dim } from "../ir/model.ts";
import {
  addDims,
  divideDims,
  divideDimsUp,
  multiplyDims,
  productOfDims,
  subtractDims,
  unknownDim,
} from "../ir/dim.ts";
import {
  type EvaluateRule,
  type InferRule,
  type NodeContext,
  type OpRow,
  typed,
} from "./context.ts";
import { normalizeAxis } from "../ir/axis.ts";
import { WrongNode } from "./wrong_node.ts";
import { broadcastSource, type Known, known, rearrange, reshaped, stridesOf } from "./known.ts";
import { broadcastDims } from "../ir/dim.ts";

/** More axes than any runtime knows. */
const maxAxes = 256;

/**
 * `count` dimensions of which nothing is known.
 *
 * @throws {WrongNode} If there are more axes than any runtime knows.
 */
export function unknownDims(count: number): Dim[] {
  if (!(count <= maxAxes)) throw new WrongNode(`a result would have ${count} axes`);
  return Array.from({ length: count }, unknownDim);
}

/** Dimensions that an input of int64 elements gives; as unknown ones where only their number is known. */
export function dimsFromInput(c: NodeContext, input: number): readonly Dim[] | undefined {
  const elements = c.known(input)?.elements;
  if (elements !== undefined) return elements;
  const count = c.dims(input)?.[0];
  return typeof count === "number" ? unknownDims(count) : undefined;
}

/** Evaluates by giving the known input 0 the inferred shape. */
function reshapeKnown(infer: InferRule): OpRow {
  const evaluate: EvaluateRule = (c) => {
    const x = c.known(0);
    const type = x && infer(c)[0];
    if (type?.kind !== "tensor" || !type.dims?.every((d) => typeof d === "number")) {
      return undefined;
    }
    return [reshaped(x!, type.dims as readonly number[])];
  };
  return { infer, evaluate };
}

const reshape = reshapeKnown((c) => {
  const target = dimsFromInput(c, 1) ?? c.ints("shape");
  const dims = target && reshapeDims(c.dims(0), target, c.int("allowzero", 0) === 1);
  refuseOtherCount(c.dims(0), dims);
  return [typed(c.dtype(0), dims)];
});

function reshapeDims(
  dims: readonly Dim[] | undefined,
  target: readonly Dim[],
  allowZero: boolean,
): readonly Dim[] {
  const copied = target.map((d, axis) => d === 0 && !allowZero ? dims?.[axis] ?? unknownDim() : d);
  const free = copied.indexOf(-1);
  if (free < 0) return copied;
  const rest = productOfDims(copied.filter((_, axis) => axis !== free));
  if (rest === 0) {
    throw new WrongNode(`its shape [${target.join(", ")}] has a 0, so -1 cannot be determined`);
  }
  const size = dims === undefined ? unknownDim() : divideDims(productOfDims(dims), rest);
  return copied.map((d, axis) => axis === free ? size : d);
}

/** @throws {WrongNode} If one shape has more elements than the other for all values of its symbols. */
function refuseOtherCount(from: readonly Dim[] | undefined, to: readonly Dim[] | undefined): void {
  if (from === undefined || to === undefined) return;
  const [before, after] = [productOfDims(from), productOfDims(to)];
  if (typeof before !== "number" || typeof after !== "number" || before === after) return;
  throw new WrongNode(`it gives the shape [${to.join(", ")}] to ${before} elements`);
}

const flatten = reshapeKnown((c) => {
  const dims = c.dims(0);
  if (dims === undefined) return [typed(c.dtype(0), unknownDims(2))];
  const axis = normalizeAxis(c.int("axis", 1), dims.length);
  return [typed(c.dtype(0), [productOfDims(dims.slice(0, axis)), productOfDims(dims.slice(axis))])];
});

const squeeze = reshapeKnown((c) => {
  const dims = c.dims(0);
  const axes = c.intsOrInput("axes", 1);
  if (dims === undefined || (c.has(1) && axes === undefined)) return [typed(c.dtype(0))];
  if (axes === undefined) {
    const sure = dims.every((d) => typeof d === "number");
    return [typed(c.dtype(0), sure ? dims.filter((d) => d !== 1) : undefined)];
  }
  const removed = new Set(axes.map((a) => normalizeAxis(a, dims.length)));
  return [typed(c.dtype(0), dims.filter((_, axis) => !removed.has(axis)))];
});

const unsqueeze = reshapeKnown((c) => {
  const dims = c.dims(0);
  const axes = c.intsOrInput("axes", 1);
  if (dims === undefined || axes === undefined) return [typed(c.dtype(0))];
  const rank = dims.length + axes.length;
  const inserted = new Set(axes.map((a) => normalizeAxis(a, rank)));
  let next = 0;
  return [
    typed(
      c.dtype(0),
      Array.from({ length: rank }, (_, axis) => inserted.has(axis) ? 1 : dims[next++]!),
    ),
  ];
});

function permutation(c: NodeContext, rank: number): readonly number[] {
  return c.ints("perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
}

const transpose: OpRow = {
  infer: (c) => {
    const dims = c.dims(0);
    const perm = c.ints("perm");
    if (dims === undefined) return [typed(c.dtype(0), perm && unknownDims(perm.length))];
    return [typed(c.dtype(0), permutation(c, dims.length).map((axis) => dims[axis]!))];
  },
  evaluate: (c) => {
    const x = c.known(0);
    if (x === undefined) return undefined;
    const perm = permutation(c, x.dims.length);
    const strides = stridesOf(x.dims);
    return [
      rearrange(
        x,
        perm.map((axis) => x.dims[axis]!),
        (index) => perm.reduce((at, axis, i) => at + index[i]! * strides[axis]!, 0),
      ),
    ];
  },
};

const expand: OpRow = {
  infer: (c) => {
    const dims = c.dims(0);
    const target = dimsFromInput(c, 1);
    return [typed(c.dtype(0), dims && target && broadcastDims([dims, target]))];
  },
  evaluate: (c) => {
    const x = c.known(0);
    const target = c.numbers(1);
    if (x === undefined || target === undefined) return undefined;
    const dims = broadcastDims([x.dims, target]) as readonly number[];
    return [rearrange(x, dims, broadcastSource(x.dims, dims.length))];
  },
};

const tile: OpRow = {
  infer: (c) => {
    const dims = c.dims(0);
    const repeats = dims && c.known(1)?.elements;
    if (repeats === undefined) return [typed(c.dtype(0), dims && unknownDims(dims.length))];
    return [typed(c.dtype(0), dims!.map((d, axis) => multiplyDims(d, repeats[axis] ?? 1)))];
  },
  evaluate: (c) => {
    const x = c.known(0);
    const repeats = c.numbers(1);
    if (x === undefined || repeats === undefined) return undefined;
    const strides = stridesOf(x.dims);
    return [
      rearrange(
        x,
        x.dims.map((d, axis) => d * repeats[axis]!),
        (index) => x.dims.reduce((at, d, axis) => at + (index[axis]! % d) * strides[axis]!, 0),
      ),
    ];
  },
};

const concat: OpRow = {
  infer: (c) => {
    const shapes = Array.from({ length: c.inputCount }, (_, i) => c.dims(i));
    const known = shapes.filter((s) => s !== undefined);
    const first = known[0];
    if (first === undefined) return [typed(c.dtype(0))];
    const axis = normalizeAxis(c.int("axis", 0), first.length);
    const dims = first.map((_, i) => {
      const sizes = known.map((s) => s[i] ?? unknownDim());
      if (i !== axis) return sizes.find((d) => typeof d === "number") ?? sizes[0]!;
      return known.length === shapes.length ? sizes.reduce<Dim>(addDims, 0) : unknownDim();
    });
    return [typed(c.dtype(0), dims)];
  },
  evaluate: (c) => {
    const parts: Known[] = [];
    for (let i = 0; i < c.inputCount; i++) {
      const part = c.known(i);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return [concatKnown(parts, c.int("axis", 0))];
  },
};

function concatKnown(parts: readonly Known[], at: number): Known {
  const first = parts[0]!;
  const axis = normalizeAxis(at, first.dims.length);
  const outer = first.dims.slice(0, axis).reduce((a, b) => a * b, 1);
  const elements: Dim[] = [];
  for (let i = 0; i < outer; i++) {
    for (const { dims, elements: source } of parts) {
      const block = dims.slice(axis).reduce((a, b) => a * b, 1);
      for (let j = 0; j < block; j++) elements.push(source[i * block + j]!);
    }
  }
  const size = parts.reduce((sum, p) => sum + p.dims[axis]!, 0);
  return known(first.dtype, first.dims.map((d, i) => i === axis ? size : d), elements);
}

const gather: OpRow = {
  infer: (c) => {
    const data = c.dims(0);
    const indices = c.dims(1);
    if (data === undefined || indices === undefined) return [typed(c.dtype(0))];
    const axis = normalizeAxis(c.int("axis", 0), data.length);
    return [typed(c.dtype(0), [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)])];
  },
  evaluate: (c) => {
    const x = c.known(0);
    const indices = c.numbers(1);
    if (x === undefined || indices === undefined) return undefined;
    const axis = normalizeAxis(c.int("axis", 0), x.dims.length);
    const size = x.dims[axis]!;
    if (indices.some((i) => i < -size || i >= size)) return undefined;
    const parts = indices.map((i) => takeAt(x, axis, normalizeAxis(i, size)));
    const at = c.known(1)!.dims;
    const dims = [...x.dims.slice(0, axis), ...at, ...x.dims.slice(axis + 1)];
    if (parts.length === 0) return [known(x.dtype, dims, [])];
    return [reshaped(concatKnown(parts, axis), dims)];
  },
};

/** The slice of one index, with the axis kept. */
function takeAt(x: Known, axis: number, index: number): Known {
  const strides = stridesOf(x.dims);
  return rearrange(
    x,
    x.dims.map((d, i) => i === axis ? 1 : d),
    (at) => at.reduce((sum, i, a) => sum + (a === axis ? index : i) * strides[a]!, 0),
  );
}

const split: OpRow = {
  infer: (c) => splitDims(c).map((dims) => typed(c.dtype(0), dims)),
  evaluate: (c) => {
    const x = c.known(0);
    if (x === undefined) return undefined;
    const axis = normalizeAxis(c.int("axis", 0), x.dims.length);
    const sizes = splitDims(c).map((dims) => dims?.[axis]);
    if (!sizes.every((s) => typeof s === "number")) return undefined;
    let start = 0;
    const strides = stridesOf(x.dims);
    return sizes.map((size) => {
      const from = start;
      start += size;
      return rearrange(
        x,
        x.dims.map((d, i) => i === axis ? size : d),
        (index) => index.reduce((sum, i, a) => sum + (a === axis ? i + from : i) * strides[a]!, 0),
      );
    });
  },
};

function splitDims(c: NodeContext): (readonly Dim[] | undefined)[] {
  const dims = c.dims(0);
  const count = c.node.outputs.length;
  if (dims === undefined) return new Array(count).fill(undefined);
  const axis = normalizeAxis(c.int("axis", 0), dims.length);
  const sizes = c.ints("split") ?? c.known(1)?.elements;
  return Array.from(
    { length: count },
    (_, i) => dims.map((d, a) => a === axis ? sizes?.[i] ?? evenPart(d, count, i, c.has(1)) : d),
  );
}

/** Size of a part when an axis is split evenly; the last one is smaller if it does not come out. */
function evenPart(size: Dim, count: number, part: number, given: boolean): Dim {
  if (given) return unknownDim();
  const chunk = divideDimsUp(size, count);
  if (part < count - 1 || typeof size === "string") {
    return typeof size === "string" ? divideDims(size, count) : chunk;
  }
  return subtractDims(size, multiplyDims(chunk, count - 1));
}

const compress: OpRow = {
  infer: (c) => {
    const dims = c.dims(0);
    const axis = c.attribute("axis", "int");
    if (axis === undefined) return [typed(c.dtype(0), unknownDims(1))];
    if (dims === undefined) return [typed(c.dtype(0))];
    const at = normalizeAxis(axis, dims.length);
    return [typed(c.dtype(0), dims.map((d, i) => i === at ? unknownDim() : d))];
  },
};

const depthToSpace: OpRow = {
  infer: (c) => {
    const block = c.int("blocksize", 1);
    const [n, channels, height, width] = c.dims(0) ?? unknownDims(4);
    return [typed(c.dtype(0), [
      n!,
      divideDims(channels!, block * block),
      multiplyDims(height!, block),
      multiplyDims(width!, block),
    ])];
  },
};

const spaceToDepth: OpRow = {
  infer: (c) => {
    const block = c.int("blocksize", 1);
    const [n, channels, height, width] = c.dims(0) ?? unknownDims(4);
    return [typed(c.dtype(0), [
      n!,
      multiplyDims(channels!, block * block),
      divideDims(height!, block),
      divideDims(width!, block),
    ])];
  },
};

/** Operators of ai.onnx that move elements. */
export const movementRows: Readonly<Record<string, OpRow>> = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  Concat: concat,
  Gather: gather,
  Split: split,
  Compress: compress,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
