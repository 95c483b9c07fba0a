/**
 * Adds up contributions to a gradient. The parts of a value that was cut up come back padded with zeros;
 * parts that do not overlap are joined instead of padded and added.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { add, constantInts, padZeros } from "./expressions.ts";

/** A contribution that is zero outside an interval of one axis. */
interface Piece {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  /** Size of the axis in the sum. */
  readonly size: number;
  readonly content: Value;
}

/** The sum of values of one shape. */
export function sumOf(b: GraphBuilder, parts: readonly Value[]): Value {
  if (parts.length === 1) return parts[0]!;
  const joined = joinPieces(b, parts);
  if (joined.length === 1) return joined[0]!;
  return joined.length === 2 ? add(b, joined[0]!, joined[1]!) : b.op("Sum", joined);
}

/** The parts, in which pieces that follow each other along an axis are one. */
function joinPieces(b: GraphBuilder, parts: readonly Value[]): Value[] {
  const rest: Value[] = [];
  const byAxis = new Map<number, Piece[]>();
  for (const part of parts) {
    const piece = pieceOf(b, part);
    if (piece === undefined) rest.push(part);
    else byAxis.set(piece.axis, [...byAxis.get(piece.axis) ?? [], piece]);
  }
  return [...rest, ...[...byAxis.values()].flatMap((pieces) => runsOf(b, pieces))];
}

/** Reads a Pad with zeros on both sides of one axis. */
function pieceOf(b: GraphBuilder, value: Value): Piece | undefined {
  const node = b.producer(value);
  if (node?.opType !== "Pad" || node.inputs.length !== 2 || node.attributes["mode"]) return;
  const pads = constantInts(b, node.inputs[1]);
  const content = node.inputs[0]!;
  const dims = b.dims(content);
  if (pads === undefined || dims === undefined || pads.some((pad) => pad < 0)) return;
  const padded = dims.flatMap((_, axis) => pads[axis] || pads[axis + dims.length] ? [axis] : []);
  const axis = padded[0];
  const length = dims[axis ?? 0];
  if (padded.length !== 1 || axis === undefined || typeof length !== "number") return;
  const [start, after] = [pads[axis]!, pads[axis + dims.length]!];
  return { axis, start, end: start + length, size: start + length + after, content };
}

/** One value for each run of pieces of which each starts where the one before ends. */
function runsOf(b: GraphBuilder, pieces: readonly Piece[]): Value[] {
  const runs: Piece[][] = [];
  for (const piece of pieces.toSorted((p, q) => p.start - q.start || p.end - q.end)) {
    const run = runs.find((r) => r.at(-1)!.end === piece.start);
    if (run === undefined) runs.push([piece]);
    else run.push(piece);
  }
  return runs.map((run) => joinRun(b, run));
}

function joinRun(b: GraphBuilder, run: readonly Piece[]): Value {
  const [first, last] = [run[0]!, run.at(-1)!];
  const { axis, size } = first;
  const whole = b.op("Concat", run.map(({ content }) => content), { axis });
  const [before, after] = [first.start, size - last.end];
  if (before === 0 && after === 0) return whole;
  return padZeros(b, whole, [{ axis, before: b.int64s([before]), after: b.int64s([after]) }]);
}
