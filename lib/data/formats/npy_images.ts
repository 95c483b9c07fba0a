/** Images of an npy file, uint8 [n, height, width, 3], and their classes in another. @module */
import { basename } from "@std/path";
import { decodeNpy, npyLayout } from "../../tensor/npy.ts";
import { dataFailure } from "../data_failure.ts";
import { readRange } from "../data_root.ts";
import type { Listing } from "../listing.ts";
import { eachPlane, planeListing, planesOfPixels } from "./plane_rows.ts";

/** Most bytes of a file of classes, and of the header of one of images. */
const maxBytes = 64 * 2 ** 20;
const headerBytes = 4096;

/** Which rows of the files are wanted: part `part` of `parts` equal ones. */
export interface NpyPart {
  readonly classes: readonly string[];
  readonly part: number;
  readonly parts: number;
}

/** Lists one part. @throws {DiagnosticError} If a file is damaged, or they do not fit. */
export function npyListing(
  images: string,
  labels: string,
  { classes, part, parts }: NpyPart,
): Listing {
  const what = JSON.stringify(images);
  const { size } = Deno.statSync(images);
  const layout = within(
    what,
    () => npyLayout(readRange(images, 0, Math.min(size, headerBytes)), size),
  );
  const [count = 0, height = 0, width = 0, channels] = layout.dims;
  if (
    layout.dtype !== "uint8" || layout.fortran || channels !== 3 || count % parts !== 0 ||
    count === 0
  ) {
    throw dataFailure(
      what,
      `it has ${layout.dtype} [${
        layout.dims.join(", ")
      }], expected uint8 [n, height, width, 3] of ${parts} equal parts`,
    );
  }
  const numbers = labelsOf(labels);
  if (numbers.length !== count) {
    throw dataFailure(
      JSON.stringify(labels),
      `it has ${numbers.length} classes for ${count} images`,
    );
  }
  const [start, length] = [part * count / parts, count / parts];
  const rows = numbers.slice(start, start + length).map((label, i) => {
    const where = `${basename(images)} image ${start + i}`;
    if (Number.isInteger(label) && label >= 0 && label < classes.length) {
      return { where, fields: { id: `${basename(images, ".npy")}/${start + i}`, label } };
    }
    throw dataFailure(where, `its class is ${label}, there are ${classes.length}`);
  });
  const bytes = 3 * height * width;
  return planeListing({
    rows,
    height,
    width,
    planes: eachPlane((row) =>
      planesOfPixels(readRange(images, layout.start + (start + row) * bytes, bytes))
    ),
  }, classes);
}

function labelsOf(path: string): number[] {
  const what = JSON.stringify(path);
  const { size } = Deno.statSync(path);
  if (size > maxBytes) {
    throw dataFailure(what, `it has ${size} bytes, at most ${maxBytes} can be read`);
  }
  return Array.from(within(what, () => decodeNpy(readRange(path, 0, size))).data, Number);
}

function within<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw dataFailure(what, error.message.replace(/^Cannot decode npy: /, ""));
  }
}
