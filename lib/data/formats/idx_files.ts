/** The idx format of MNIST and its like, compressed or not. @module */
import { basename } from "@std/path";
import { dataFailure } from "../data_failure.ts";
import { readRange } from "../data_root.ts";
import { inflate } from "./gzip.ts";
import { joinListings, type Listing } from "../listing.ts";
import type { PublisherFolder } from "../published_set.ts";
import { greyPlanes, planeListing } from "./plane_rows.ts";

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
  const first = "train-images-idx3-ubyte";
  const places = ["", ...inside].flatMap((place) => place === "" ? [""] : [`${place}/`]);
  const has = (name: string) => folder.has(name) || folder.has(`${name}.gz`);
  const prefix = places.find((place) => has(`${place}${first}`)) ?? "";
  const path = (name: string) => {
    const plain = `${prefix}${name}`;
    return folder.file(folder.has(plain) || !folder.has(`${plain}.gz`) ? plain : `${plain}.gz`);
  };
  const read = (name: string) =>
    idxListing(path(`${name}-images-idx3-ubyte`), path(`${name}-labels-idx1-ubyte`), classes);
  return joinListings([
    { split: "train", listing: await read("train") },
    { split: "test", listing: await read("t10k") },
  ]);
}

/** Pictures and their classes. @throws {DiagnosticError} If a file is damaged, or they do not fit. */
export async function idxListing(
  images: string,
  labels: string,
  classes: readonly string[],
): Promise<Listing> {
  const pictures = await readIdx(images, 3);
  const numbers = await readIdx(labels, 1);
  const [count, height, width] = pictures.dims as [number, number, number];
  if (numbers.dims[0] !== count) {
    throw dataFailure(
      JSON.stringify(labels),
      `it has ${numbers.dims[0]} classes, "${basename(images)}" has ${count} pictures`,
    );
  }
  const name = basename(images).replace(/-images.*$/, "");
  const rows = Array.from(numbers.data, (label, i) => {
    if (label < classes.length) {
      return { where: `${basename(images)} picture ${i}`, fields: { id: `${name}/${i}`, label } };
    }
    throw dataFailure(
      JSON.stringify(labels),
      `class ${i} is ${label}, there are ${classes.length}`,
    );
  });
  const size = height * width;
  return planeListing({
    rows,
    height,
    width,
    async *planes(wanted) {
      for (const row of wanted) {
        yield greyPlanes(pictures.data.subarray(row * size, (row + 1) * size));
      }
    },
  }, classes);
}

async function readIdx(path: string, axes: number): Promise<Idx> {
  const what = JSON.stringify(path);
  const bytes = await readBytes(path, what);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 4 + 4 * axes;
  if (bytes.length < start) throw dataFailure(what, "it is empty or cut off, expected an idx file");
  if (view.getUint32(0) !== 0x800 + axes) {
    const found = view.getUint32(0).toString(16).padStart(8, "0");
    throw dataFailure(
      what,
      `it begins with 0x${found}, expected 0x0000080${axes}: unsigned bytes with ${axes} axes`,
    );
  }
  const dims = Array.from({ length: axes }, (_, i) => view.getUint32(4 + 4 * i));
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (size === 0) throw dataFailure(what, `it is empty: its shape is [${dims.join(", ")}]`);
  if (bytes.length - start !== size) {
    throw dataFailure(
      what,
      `its shape [${dims.join(", ")}] needs ${size} bytes, there are ${bytes.length - start}`,
    );
  }
  return { dims, data: bytes.subarray(start) };
}

async function readBytes(path: string, what: string): Promise<Uint8Array> {
  const { size } = Deno.statSync(path);
  if (size > maxBytes) {
    throw dataFailure(what, `it has ${size} bytes, at most ${maxBytes} can be read`);
  }
  const bytes = readRange(path, 0, size);
  const isZip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  // Nothing compresses pixels a hundredfold.
  const most = Math.min(maxBytes, (64 << 20) + 100 * size);
  return isZip ? await inflate(bytes, { format: "gzip", most, what }) : bytes;
}
