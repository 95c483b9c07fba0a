/**
 * Reads MATLAB's files of version 5 (MAT-File Format, MathWorks): named arrays, compressed or not.
 *
 * @module
 */
import { ByteStream } from "./byte_stream.ts";
import { dataFailure } from "../data_failure.ts";
import { notA, orKind } from "../file_kind.ts";
import { readRange } from "../data_root.ts";
import { inflated } from "./unpack.ts";

/** A numeric array of a file, before its elements are read. */
export interface MatArray {
  readonly name: string;
  readonly dims: readonly number[];
  /** Element type of what is stored, which may be narrower than that of the array. */
  readonly type: number;
  readonly bytes: number;
  /** Whether numbers of several bytes have their last bytes first. */
  readonly little: boolean;
  /** The elements in the order of the file: the first axis runs fastest. */
  open(): Promise<ByteStream>;
}

const headerBytes = 128;
const compressed = 15;
const matrix = 14;

/** Most elements of a file, axes of an array, bytes of a name. */
const maxElements = 10_000;
const maxAxes = 32;
const longestName = 256;

/** Bytes of a number by the type of an element. */
const widths: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 2,
  5: 4,
  6: 4,
  7: 4,
  9: 8,
};

/** Lists the arrays of numbers of a file. @throws {DiagnosticError} If it is damaged or another version. */
export async function listMatArrays(path: string): Promise<MatArray[]> {
  const what = JSON.stringify(path);
  const { size } = Deno.statSync(path);
  if (size < headerBytes + 8) {
    throw dataFailure(
      what,
      orKind(
        "it is empty or cut off, expected a .mat file",
        "a .mat file",
        readRange(path, 0, size),
      ),
    );
  }
  const header = readRange(path, 0, headerBytes);
  const little = isLittle(header);
  if (little === undefined) {
    throw dataFailure(what, notA("a .mat file of version 5", header), [
      "MATLAB and SciPy write other versions too: save it with -v7, or format='5'",
    ]);
  }
  const arrays: MatArray[] = [];
  let offset = headerBytes;
  for (let count = 0; offset + 8 <= size; count++) {
    if (count > maxElements) throw dataFailure(what, `it has more than ${maxElements} elements`);
    const tag = new DataView(readRange(path, offset, 8).buffer);
    const [type, bytes] = [tag.getUint32(0, little), tag.getUint32(4, little)];
    const end = offset + 8 + bytes;
    if (end > size) throw dataFailure(what, `an element ends at byte ${end}, the file at ${size}`);
    if (type !== compressed && type !== matrix) {
      throw dataFailure(what, `an element has type ${type}`);
    }
    const array = await readHead({ path, what, offset, bytes, type, little });
    if (array !== undefined) arrays.push(array);
    offset = type === compressed ? end : end + (8 - bytes % 8) % 8;
  }
  return arrays;
}

/** Whether the numbers of a file have their last bytes first; `undefined` where it is another file. */
function isLittle(header: Uint8Array): boolean | undefined {
  const [low, high, ...mark] = header.subarray(124, headerBytes);
  const [order, version] = [String.fromCharCode(...mark), [low, high]];
  if (order === "IM" && version[1] === 1) return true;
  return order === "MI" && version[0] === 1 ? false : undefined;
}

interface Element {
  readonly path: string;
  readonly what: string;
  readonly offset: number;
  readonly bytes: number;
  readonly type: number;
  readonly little: boolean;
}

/** A stream of an element's content, behind the tag of the matrix. */
async function openElement(
  { path, what, offset, bytes, type, little }: Element,
): Promise<ByteStream> {
  const chunks = rangeChunks(path, offset + 8, bytes);
  if (type === matrix) return new ByteStream(chunks, what);
  const raw = ReadableStream.from(chunks) as ReadableStream<Uint8Array<ArrayBuffer>>;
  const stream = new ByteStream(inflated(raw, "deflate", what), what);
  const tag = new DataView((await stream.take(8)).buffer);
  if (tag.getUint32(0, little) !== matrix) {
    throw dataFailure(what, "an element of it is not an array");
  }
  return stream;
}

/** How much of a file is read at once. */
const chunkBytes = 1 << 20;

async function* rangeChunks(
  path: string,
  offset: number,
  bytes: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes; at += chunkBytes) {
    yield readRange(path, offset + at, Math.min(chunkBytes, bytes - at));
  }
}

/** Reads up to the elements. Cells, structures and texts are left out. */
async function readHead(element: Element): Promise<MatArray | undefined> {
  const stream = await openElement(element);
  try {
    const head = await headOf(stream, element);
    if (head === undefined) return undefined;
    const { small, ...array } = head;
    const open = async () => {
      if (small !== undefined) return new ByteStream(ReadableStream.from([small]), element.what);
      const again = await openElement(element);
      await headOf(again, element);
      return again;
    };
    return { ...array, little: element.little, open };
  } finally {
    await stream.close();
  }
}

async function headOf(
  stream: ByteStream,
  { what, little }: Element,
): Promise<(Omit<MatArray, "open" | "little"> & Pick<Tag, "small">) | undefined> {
  const flags = (await part(stream, { what, little, most: 64 })).data;
  const [kind, marks] = little ? flags : [flags[3], flags[2]];
  const isComplex = ((marks ?? 0) & 8) !== 0;
  if (kind === undefined || kind < 6 || kind > 15 || isComplex) return undefined;
  const axes = await part(stream, { what, little, most: 4 * maxAxes });
  const view = new DataView(axes.data.buffer);
  const dims = Array.from({ length: axes.data.length / 4 }, (_, i) => view.getInt32(4 * i, little));
  const named = await part(stream, { what, little, most: longestName });
  const name = new TextDecoder().decode(named.data);
  const tag = await partTag(stream, little);
  const width = widths[tag.type];
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (width === undefined || dims.some((dim) => dim < 0) || tag.bytes !== size * width) {
    throw dataFailure(
      what,
      `array "${name}" of shape [${dims.join(", ")}] has ${tag.bytes} bytes of type ${tag.type}`,
    );
  }
  return { name, dims, ...tag };
}

/** A tag; a small one holds its own data. */
interface Tag {
  readonly type: number;
  readonly bytes: number;
  readonly small?: Uint8Array<ArrayBuffer>;
}

async function partTag(stream: ByteStream, little: boolean): Promise<Tag> {
  const bytes = await stream.take(8);
  const view = new DataView(bytes.buffer);
  const first = view.getUint32(0, little);
  if (first >>> 16 === 0) return { type: first, bytes: view.getUint32(4, little) };
  return { type: first & 0xffff, bytes: first >>> 16, small: bytes.slice(4) };
}

interface PartReading extends Pick<Element, "what" | "little"> {
  /** Most bytes that it may have. */
  readonly most: number;
}

async function part(stream: ByteStream, { what, little, most }: PartReading) {
  const tag = await partTag(stream, little);
  if (tag.bytes > (tag.small === undefined ? most : 4)) {
    throw dataFailure(
      what,
      `a part of an array has ${tag.bytes} bytes, at most ${most} can be read`,
    );
  }
  if (tag.small !== undefined) return { ...tag, data: tag.small.slice(0, tag.bytes) };
  const padded = Math.ceil(tag.bytes / 8) * 8;
  return { ...tag, data: (await stream.take(padded)).slice(0, tag.bytes) };
}

/** Most numbers of an array that is read as a whole. */
const maxNumbers = 5_000_000;

/** All numbers of an array. @throws {DiagnosticError} If there are too many. */
export async function readNumbers(
  { name, bytes, type, little, open }: MatArray,
  what: string,
): Promise<number[]> {
  const width = widths[type]!;
  if (bytes / width > maxNumbers) {
    throw dataFailure(what, `"${name}" has ${bytes / width} numbers`);
  }
  const stream = await open();
  const view = new DataView((await stream.take(bytes)).buffer);
  await stream.close();
  return Array.from({ length: bytes / width }, (_, i) => readers[type]!(view, i * width, little));
}

type Reader = (view: DataView, at: number, little: boolean) => number;

const readers: Readonly<Record<number, Reader>> = {
  1: (view, at) => view.getInt8(at),
  2: (view, at) => view.getUint8(at),
  3: (view, at, little) => view.getInt16(at, little),
  4: (view, at, little) => view.getUint16(at, little),
  5: (view, at, little) => view.getInt32(at, little),
  6: (view, at, little) => view.getUint32(at, little),
  7: (view, at, little) => view.getFloat32(at, little),
  9: (view, at, little) => view.getFloat64(at, little),
};
