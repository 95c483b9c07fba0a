/** SVHN's cropped digits: a .mat file with `X` [32, 32, 3, n] and `y` [n, 1]. @module */
import { basename } from "@std/path";
import { dataFailure } from "../data_failure.ts";
import type { Listing } from "../listing.ts";
import { hdf5Start, readHdf5 } from "./hdf5_file.ts";
import { listMatArrays, type MatArray, readNumbers } from "./mat_file.ts";
import { planeListing } from "./plane_rows.ts";

/** uint8 in the stored elements of version 5. */
const bytesType = 2;

/** Reads images and classes; the digit 0 is class 10 in the file. */
export async function svhnListing(path: string, classes: readonly string[]): Promise<Listing> {
  return hdf5Start(path) === undefined
    ? await listVersion5(path, classes)
    : await listVersion73(path, classes);
}

async function listVersion5(path: string, classes: readonly string[]): Promise<Listing> {
  const what = JSON.stringify(path);
  const arrays = await listMatArrays(path);
  const images = found(arrays, "X", what);
  const numbers = await readNumbers(found(arrays, "y", what), what);
  const [height, width, channels, count = 1] = images.dims as [number, number, number, number?];
  if (images.type !== bytesType || channels !== 3) {
    throw dataFailure(what, `its "X" is not an array of bytes [height, width, 3, n]`);
  }
  const size = { height, width };
  return listingOf(path, { numbers, count, ...size, classes }, async function* (wanted) {
    const stream = await images.open();
    let next = 0;
    try {
      for (const row of wanted) {
        for (; next < row; next++) await stream.take(3 * height * width);
        yield uprightPlanes(await stream.take(3 * height * width), size);
        next++;
      }
    } finally {
      await stream.close();
    }
  });
}

function found(arrays: readonly MatArray[], name: string, what: string): MatArray {
  const array = arrays.find((array) => array.name === name);
  if (array !== undefined) return array;
  const names = arrays.map((array) => `"${array.name}"`).join(", ");
  throw dataFailure(
    what,
    `it has no array of numbers "${name}"; it has ${names === "" ? "none" : names}`,
  );
}

async function listVersion73(path: string, classes: readonly string[]): Promise<Listing> {
  const what = JSON.stringify(path);
  const { X, y } = await readHdf5(path, ["X", "y"]);
  const [count, channels, width, height] = X?.dims ?? [];
  if (!(X?.data instanceof Uint8Array) || channels !== 3 || y === undefined) {
    throw dataFailure(what, `it has no arrays "X", bytes [height, width, 3, n], and "y"`);
  }
  const size = { height: height!, width: width! };
  const bytes = 3 * size.height * size.width;
  const numbers = [...y.data];
  return listingOf(path, { numbers, count: count!, ...size, classes }, async function* (wanted) {
    for (const row of wanted) {
      yield uprightPlanes((X.data as Uint8Array).subarray(row * bytes, (row + 1) * bytes), size);
    }
  });
}

/** Planes whose columns run fastest, as MATLAB keeps them, with rows that do. */
function uprightPlanes(
  columns: Uint8Array,
  { height, width }: { readonly height: number; readonly width: number },
): Uint8Array {
  const planes = new Uint8Array(columns.length);
  for (let i = 0; i < planes.length; i++) {
    const [x, row] = [i % width, Math.floor(i / width)];
    const [y, channel] = [row % height, Math.floor(row / height)];
    planes[i] = columns[(channel * width + x) * height + y]!;
  }
  return planes;
}

interface Digits {
  readonly numbers: readonly number[];
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly classes: readonly string[];
}

function listingOf(
  path: string,
  { numbers, count, height, width, classes }: Digits,
  planes: (wanted: readonly number[]) => AsyncIterable<Uint8Array>,
): Listing {
  const what = JSON.stringify(path);
  if (count === 0 || numbers.length !== count) {
    throw dataFailure(what, `it has ${count} images and ${numbers.length} classes`);
  }
  const name = basename(path, ".mat");
  const rows = numbers.map((number, i) => {
    if (Number.isInteger(number) && number >= 0 && number <= 10) {
      return { where: `${name} image ${i}`, fields: { id: `${name}/${i}`, label: number % 10 } };
    }
    throw dataFailure(what, `class ${i} is ${number}, expected 1 to 10`);
  });
  return planeListing({ rows, height, width, planes }, classes);
}
