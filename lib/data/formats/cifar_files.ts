/** CIFAR's files: the binary version, and pickles of Python, which are read as data. @module */
import { basename } from "@std/path";
import { readPickle } from "../../tensor/pickle.ts";
import { nameInPickle, PickleObject } from "../../tensor/pickle_object.ts";
import {
  type PickledArray,
  pickledArray,
  pickledScalar,
  tensorOfPickled,
} from "../../tensor/pickled_array.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { dataFailure } from "../data_failure.ts";
import { readRange } from "../data_root.ts";
import { orKind } from "../file_kind.ts";
import type { Listing } from "../listing.ts";
import { labelledRow, planeListing } from "./plane_rows.ts";

/** Side of the images, and bytes of one. */
const side = 32;
const imageBytes = 3 * side * side;

/** Most bytes of a file: CIFAR-100's training images are 154 MB. */
const maxBytes = 400 * 2 ** 20;

/** Which of an image's classes counts: CIFAR-100's images have a coarse one as well. */
export interface CifarLabels {
  /** Bytes in front of an image in the binary version, and which of them is the class. */
  readonly bytes: 1 | 2;
  readonly byte: 0 | 1;
  /** Its key in the pickles. */
  readonly key: string;
  readonly classes: readonly string[];
}

/** Reads a file of the binary version. @throws {DiagnosticError} If it is cut off, or has other classes. */
export function cifarBinary(path: string, labels: CifarLabels): Listing {
  const record = labels.bytes + imageBytes;
  const size = sizeOf(path);
  if (size === 0 || size % record !== 0) {
    const cause =
      `it has ${size} bytes, which is not a multiple of ${record}, the size of an image with its class: the file is empty, cut off, or another file`;
    throw dataFailure(
      JSON.stringify(path),
      orKind(cause, "a file of CIFAR", readRange(path, 0, Math.min(size, 1024))),
    );
  }
  const bytes = readRange(path, 0, size);
  const count = size / record;
  const numbers = Array.from({ length: count }, (_, i) => bytes[i * record + labels.byte]!);
  return listingOf(path, numbers, labels, () => {
    const again = readRange(path, 0, size);
    return (row) => {
      const start = row * record + labels.bytes;
      return again.subarray(start, start + imageBytes);
    };
  });
}

/**
 * Reads a file of the Python version: a dictionary with `data`, uint8 [n, 3072].
 *
 * @throws {DiagnosticError} If it is not such pickle, or asks to run something.
 */
export function cifarPickle(path: string, labels: CifarLabels): Listing {
  const { numbers } = readBatch(path, labels);
  return listingOf(path, numbers, labels, () => {
    const { data } = readBatch(path, labels);
    return (row) => data.subarray(row * imageBytes, (row + 1) * imageBytes);
  });
}

interface Batch {
  readonly numbers: readonly unknown[];
  readonly data: Uint8Array;
}

function readBatch(path: string, labels: CifarLabels): Batch {
  const what = JSON.stringify(path);
  const dictionary = readDictionary(path, what);
  const array = pickledArray(dictionary.get("data"));
  const numbers = numbersIn(dictionary.get(labels.key), what);
  if (array?.dtype !== "uint8" || array.dims.length !== 2 || array.dims[1] !== imageBytes) {
    throw dataFailure(
      what,
      `its "data" is not an array of bytes, ${imageBytes} for each image`,
    );
  }
  if (numbers?.length !== array.dims[0]) {
    throw dataFailure(what, `its "${labels.key}" is not a list of ${array.dims[0]} classes`);
  }
  return { numbers: numbers!, data: elementsOf(array, what) as Uint8Array };
}

/** A list of numbers, Python's or NumPy's, or an array. */
function numbersIn(value: unknown, what: string): readonly unknown[] | undefined {
  if (Array.isArray(value)) {
    return value.map((item) => {
      const scalar = pickledScalar(item);
      return scalar === undefined ? item : Number(elementsOf(scalar, what)[0]);
    });
  }
  const array = pickledArray(value);
  return array === undefined ? undefined : Array.from(elementsOf(array, what), Number);
}

function elementsOf(array: PickledArray, what: string): Tensor["data"] {
  try {
    return tensorOfPickled(array).data;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw dataFailure(what, error.message);
  }
}

/** Keys are texts, or bytes where Python 3 wrote what Python 2 had. */
function readDictionary(path: string, what: string): Map<string, unknown> {
  const size = sizeOf(path);
  if (size > maxBytes) {
    throw dataFailure(what, `it has ${size} bytes, at most ${maxBytes} can be read`);
  }
  const bytes = readRange(path, 0, size);
  let value: unknown;
  try {
    value = readPickle(bytes, {
      find: nameInPickle,
      persistent: () => undefined,
    }).value;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    const told = error.message.replace(/^Cannot read pickle: /, "");
    throw dataFailure(what, orKind(told, "a pickle", bytes));
  }
  if (!(value instanceof Map)) throw dataFailure(what, "it is not a pickle of a dictionary");
  return new Map([...value].map(([key, item]) => [textOf(key), item]));
}

function textOf(key: unknown): string {
  if (key instanceof Uint8Array) return new TextDecoder().decode(key);
  // What bytes become in protocol 2 of Python 3.
  const isCall = key instanceof PickleObject && key.name === "_codecs.encode";
  return String(isCall ? key.args[0] : key);
}

function sizeOf(path: string): number {
  return Deno.statSync(path).size;
}

function listingOf(
  path: string,
  numbers: readonly unknown[],
  { classes }: CifarLabels,
  open: () => (row: number) => Uint8Array,
): Listing {
  const name = basename(path);
  const rows = numbers.map((label, i) =>
    labelledRow(`${name} image ${i}`, { id: `${name.replace(/\.bin$/, "")}/${i}`, label }, classes)
  );
  return planeListing({
    rows,
    height: side,
    width: side,
    async *planes(wanted) {
      // The file is read again: it is in memory only while its images are.
      const planesOf = open();
      for (const row of wanted) yield planesOf(row);
    },
  }, classes);
}
