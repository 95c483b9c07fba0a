/** Images of an npy file, uint8 [n, height, width, 3], and their classes in another. @module */
import { basename } from "@std/path";
import { decodeNpy, npyLayout } from "../../tensor/npy.ts";
import { dataFailure } from "../data_failure.ts";
import { orKind } from "../file_kind.ts";
import { readRange } from "../data_root.ts";
import type { Listing } from "../listing.ts";
import { eachPlane, labelledRow, planeListing, planesOfPixels } from "./plane_rows.ts";

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
  const layout = layoutOf(images, parts);
  const [count = 0, height = 0, width = 0] = layout.dims;
  const numbers = labelsOf(labels);
  if (numbers.length !== count) {
    throw dataFailure(
      JSON.stringify(labels),
      `it has ${numbers.length} classes for ${count} images`,
    );
  }
  const [start, length] = [part * count / parts, count / parts];
  const name = basename(images);
  const rows = numbers.slice(start, start + length).map((label, i) =>
    labelledRow(
      `${name} image ${start + i}`,
      { id: `${basename(name, ".npy")}/${start + i}`, label },
      classes,
    )
  );
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

/** The layout of images in equal parts. */
function layoutOf(path: string, parts: number): ReturnType<typeof npyLayout> {
  const what = JSON.stringify(path);
  const { size } = Deno.statSync(path);
  const start = readRange(path, 0, Math.min(size, headerBytes));
  const layout = within(what, start, () => npyLayout(start, size));
  const { dtype, fortran, dims } = layout;
  if (fortran) {
    throw dataFailure(what, "it is in Fortran's order: save numpy.ascontiguousarray of it");
  }
  const [count = 0, , , channels] = dims;
  if (dtype === "uint8" && channels === 3 && count > 0 && count % parts === 0) {
    return layout;
  }
  throw dataFailure(
    what,
    `it has ${dtype} [${
      dims.join(", ")
    }], expected uint8 [n, height, width, 3] of ${parts} equal parts`,
  );
}

function labelsOf(path: string): number[] {
  const what = JSON.stringify(path);
  const { size } = Deno.statSync(path);
  if (size > maxBytes) {
    throw dataFailure(what, `it has ${size} bytes, at most ${maxBytes} can be read`);
  }
  const bytes = readRange(path, 0, size);
  return Array.from(within(what, bytes, () => decodeNpy(bytes)).data, Number);
}

function within<T>(what: string, bytes: Uint8Array, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    const told = error.message.replace(/^Cannot decode npy: /, "");
    throw dataFailure(what, orKind(told, "an npy file", bytes));
  }
}
