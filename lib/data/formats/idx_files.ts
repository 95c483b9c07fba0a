/** The idx format of MNIST and its like, compressed or not. @module */
import { basename } from "@std/path";
import { dataFailure } from "../data_failure.ts";
import { notA, orKind } from "../file_kind.ts";
import { openBytes } from "./byte_source.ts";
import { joinListings, type Listing } from "../listing.ts";
import type { PublisherFolder } from "../published_set.ts";
import { eachPlane, greyPlanes, labelledRow, planeListing } from "./plane_rows.ts";

/** Most bytes of a file: EMNIST's largest is 550 MB, MNIST's 47 MB. */
const maxBytes = 1 << 30;

/** A file of the format: unsigned bytes. */
interface Idx {
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

/** What a folder of such files holds. */
export const idxLayout: readonly string[] = [
  "train-images-idx3-ubyte and train-labels-idx1-ubyte",
  "t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, each also as .gz",
];

/** The files of a folder, compressed or not. @throws {DiagnosticError} If one is missing or damaged. */
export async function idxFolder(
  folder: PublisherFolder,
  inside: readonly string[],
  classes: readonly string[],
): Promise<Listing> {
  const places = ["", ...inside.map((place) => `${place}/`)];
  const found = (name: string) =>
    places.flatMap((place) => spellings(name).map((spelling) => `${place}${spelling}`))
      .find((path) => folder.has(path));
  const path = (name: string) => folder.file(found(name) ?? name);
  const read = (name: string) =>
    idxListing(path(`${name}-images-idx3-ubyte`), path(`${name}-labels-idx1-ubyte`), classes);
  return joinListings([
    { split: "train", listing: await read("train") },
    { split: "test", listing: await read("t10k") },
  ]);
}

/** What a file may be called: copies of these sets write a dot for the second hyphen. */
const spellings = (name: string) =>
  [name, name.replace("-idx", ".idx")].flatMap((spelling) => [spelling, `${spelling}.gz`]);

/** Images and their classes. @throws {DiagnosticError} If a file is damaged, or they do not fit. */
async function idxListing(
  images: string,
  labels: string,
  classes: readonly string[],
): Promise<Listing> {
  const pixels = await readIdx(images, 3);
  const numbers = await readIdx(labels, 1);
  const [count, height, width] = pixels.dims as [number, number, number];
  if (numbers.dims[0] !== count) {
    throw dataFailure(
      JSON.stringify(labels),
      `it has ${numbers.dims[0]} classes, "${basename(images)}" has ${count} images`,
    );
  }
  const name = basename(images).replace(/-images.*$/, "");
  const rows = Array.from(
    numbers.data,
    (label, i) =>
      labelledRow(`${basename(images)} image ${i}`, { id: `${name}/${i}`, label }, classes),
  );
  const size = height * width;
  return planeListing({
    rows,
    height,
    width,
    planes: eachPlane((row) => greyPlanes(pixels.data.subarray(row * size, (row + 1) * size))),
  }, classes);
}

/** Bytes at the beginning that say what a file is. */
const shown = 1024;

async function readIdx(path: string, axes: number): Promise<Idx> {
  const what = JSON.stringify(path);
  const source = openBytes(path);
  try {
    const start = 4 + 4 * axes;
    const dims = dimsIn(await source.read(0, shown), axes, what);
    const size = dims.reduce((product, dim) => product * dim, 1);
    const needs = `its shape [${dims.join(", ")}] needs ${size} bytes`;
    if (size > maxBytes) throw dataFailure(what, `${needs}, at most ${maxBytes} can be read`);
    const data = await source.read(start, size);
    if (data.length < size) throw dataFailure(what, `${needs}, there are ${data.length}`);
    const rest = await source.read(start + size, 1);
    if (rest.length > 0) throw dataFailure(what, `${needs}, there are more`);
    return { dims, data };
  } finally {
    await source.close();
  }
}

/** What the numbers of a file may be, by its third byte. */
const types: Readonly<Record<number, string>> = {
  8: "unsigned bytes",
  9: "signed bytes",
  11: "int16",
  12: "int32",
  13: "float32",
  14: "float64",
};

function dimsIn(header: Uint8Array, axes: number, what: string): number[] {
  if (header.length < 4 + 4 * axes) {
    throw dataFailure(
      what,
      orKind("it is empty or cut off, expected an idx file", "an idx file", header),
    );
  }
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0) !== 0x800 + axes) {
    const type = view.getUint16(0) === 0 ? types[header[2]!] : undefined;
    const found = `an idx file of ${type} with ${header[3]} axes`;
    const expected = `an idx file of unsigned bytes with ${axes} axes`;
    throw dataFailure(
      what,
      type === undefined ? notA(expected, header) : `it is ${found}, expected ${expected}`,
    );
  }
  const dims = Array.from({ length: axes }, (_, i) => view.getUint32(4 + 4 * i));
  if (!dims.includes(0)) return dims;
  throw dataFailure(what, `it is empty: its shape is [${dims.join(", ")}]`);
}
