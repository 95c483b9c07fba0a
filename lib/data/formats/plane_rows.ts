/** Lists images that are stored as pixels of one size, a file at a time. @module */
import { dataFailure } from "../data_failure.ts";
import type { ListedRow, Listing, PlaneImage } from "../listing.ts";

/** Pixels of a file and what belongs to each image. */
export interface PlaneFile {
  readonly rows: readonly ListedRow[];
  readonly height: number;
  readonly width: number;
  /** Reads the pixels: u8 [rows, 3, height, width], or an image at a time in rising order. */
  planes(rows: readonly number[]): AsyncIterable<Uint8Array>;
}

/** The listing of a file of pixels. */
export function planeListing(file: PlaneFile, classes?: readonly string[]): Listing {
  const { rows, height, width } = file;
  return {
    rows,
    embedded: true,
    classesOf: () => classes,
    async *images(wanted): AsyncGenerator<PlaneImage> {
      for await (const planes of file.planes(wanted)) yield { planes, height, width };
    },
  };
}

/** A row of one of the classes. @throws {DiagnosticError} If its number is none of theirs. */
export function labelledRow(
  where: string,
  { id, label }: { readonly id: string; readonly label: unknown },
  classes: readonly string[],
): ListedRow {
  if (Number.isInteger(label) && (label as number) >= 0 && (label as number) < classes.length) {
    return { where, fields: { id, label } };
  }
  throw dataFailure(where, `its class is ${String(label)}, there are ${classes.length}`);
}

/** Planes of rows that are read one at a time. */
export function eachPlane(
  read: (row: number) => Uint8Array,
): (rows: readonly number[]) => AsyncGenerator<Uint8Array> {
  return async function* (rows) {
    for (const row of rows) yield read(row);
  };
}

/** Three planes of a grey one. */
export function greyPlanes(grey: Uint8Array): Uint8Array {
  const planes = new Uint8Array(3 * grey.length);
  for (let c = 0; c < 3; c++) planes.set(grey, c * grey.length);
  return planes;
}

/** Planes of interleaved pixels. */
export function planesOfPixels(pixels: Uint8Array): Uint8Array {
  const area = pixels.length / 3;
  const planes = new Uint8Array(pixels.length);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) planes[c * area + i] = pixels[3 * i + c]!;
  }
  return planes;
}
