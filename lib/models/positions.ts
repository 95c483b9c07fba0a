/**
 * Positions of tokens for decoders: one number a token, or rows of them where image tokens have a
 * row and a column as well (multimodal rotary positions, arXiv 2409.12191, section 2.1).
 *
 * @module
 */
import type { Dim } from "../onnx/ir/model.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** What the positions of a text depend on. */
export interface PositionRules {
  /** Placeholder in the ids. */
  readonly imageToken: number;
  /** Position of the first token, default 0. */
  readonly firstPosition?: number;
  /** Rows and columns of an image's tokens, where positions have rows for them. */
  readonly grid?: { readonly rows: number; readonly columns: number };
}

/** Ids and mask of texts: int64 [batch, sequence]. */
export interface MaskedIds {
  readonly ids: Tensor;
  readonly mask: Tensor;
}

/** A token's place: counted along the text, and in time, row and column of an image. */
type Place = readonly [number, number, number, number];

/**
 * Positions of whole texts, in the shape that a decoder declares.
 *
 * @param declared [batch, sequence]; [1, sequence] where all share theirs, which padding on the right
 * allows; or [rows, batch, sequence].
 */
export function textPositions(
  declared: readonly Dim[],
  texts: MaskedIds,
  rules: PositionRules,
): Tensor<"int64"> {
  const [batch = 0, length = 0] = texts.mask.dims;
  const rows = Array.from({ length: batch }, (_, row) => placesOf(texts, row, rules).places);
  if (declared.length === 2 && declared[0] === 1 && batch > 1) {
    const first = rules.firstPosition ?? 0;
    return positionTensor(declared, [Array.from({ length }, (_, i) => allAt(first + i))]);
  }
  return positionTensor(declared, rows);
}

/**
 * What to add to the number of real tokens before a token that comes after these texts, to
 * get its position. One number a text.
 */
export function positionOffsets(texts: MaskedIds, rules: PositionRules): readonly number[] {
  const [batch = 0] = texts.mask.dims;
  return Array.from({ length: batch }, (_, row) => placesOf(texts, row, rules).offset);
}

/**
 * Positions of the last `length` tokens of texts that go on.
 *
 * @param mask Of all tokens so far, [batch, total].
 * @param offsets See {@linkcode positionOffsets}.
 */
export function laterPositions(
  declared: readonly Dim[],
  mask: Tensor,
  length: number,
  offsets: readonly number[],
): Tensor<"int64"> {
  const [batch = 0, total = 0] = mask.dims;
  const rows = Array.from({ length: declared[0] === 1 ? 1 : batch }, (_, row) => {
    const own = mask.data.subarray(row * total, (row + 1) * total);
    let count = offsets[row] ?? 0;
    for (let t = 0; t < total - length; t++) if (Number(own[t]) === 1) count++;
    return Array.from({ length }, (_, i) => {
      const real = Number(own[total - length + i]) === 1;
      return allAt(real ? count++ : 0);
    });
  });
  return positionTensor(declared, rows);
}

const allAt = (position: number): Place => [position, position, position, position];

function placesOf(
  { ids, mask }: MaskedIds,
  row: number,
  { imageToken, firstPosition = 0, grid }: PositionRules,
): { readonly places: readonly Place[]; readonly offset: number } {
  const length = mask.dims[1] ?? 0;
  const places: Place[] = [];
  let [count, next, inImage] = [0, firstPosition, 0];
  for (let t = 0; t < length; t++) {
    const at = row * length + t;
    if (Number(mask.data[at]) !== 1) {
      places.push(allAt(0));
      continue;
    }
    if (grid !== undefined && Number(ids.data[at]) === imageToken) {
      places.push(placeInImage(count, next, inImage++, grid));
      if (inImage === grid.rows * grid.columns) {
        next += Math.max(grid.rows, grid.columns);
        inImage = 0;
      }
    } else {
      places.push([count, next, next, next]);
      next++;
    }
    count++;
  }
  return { places, offset: next - count };
}

function placeInImage(
  count: number,
  start: number,
  index: number,
  { columns }: { readonly columns: number },
): Place {
  return [count, start, start + Math.floor(index / columns), start + index % columns];
}

/** [batch, sequence] from the time; [3, …]: time, row, column; [4, …]: the count before them. */
function positionTensor(
  declared: readonly Dim[],
  texts: readonly (readonly Place[])[],
): Tensor<"int64"> {
  const length = texts[0]?.length ?? 0;
  if (declared.length === 2) {
    const values = texts.flatMap((places) => places.map((place) => place[1]));
    return tensor("int64", [texts.length, length], BigInt64Array.from(values, BigInt));
  }
  const rows = Number(declared[0]);
  const values = Array.from({ length: rows }, (_, row) => {
    const part = rows === 4 ? row : Math.min(row + 1, 3);
    return texts.flatMap((places) => places.map((place) => place[part]!));
  }).flat();
  return tensor("int64", [rows, texts.length, length], BigInt64Array.from(values, BigInt));
}
