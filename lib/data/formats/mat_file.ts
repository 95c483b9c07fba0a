/**
 * Reads MATLAB's files of version 5 (MAT-File Format, MathWorks): named arrays, compressed or not.
 *
 * @module
 */
import { ByteStream } from "./byte_stream.ts";
import { dataFailure } from "../data_failure.ts";
import { readRange } from "../data_root.ts";
import { inflated } from "./unpack.ts";

/** A numeric array of a file, before its elements are read. */
export interface MatArray {
  readonly name: string;
  readonly dims: readonly number[];
  /** Element type of what is stored, which may be narrower than that of the array. */
  readonly type: number;
  readonly bytes: number;
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
    throw dataFailure(what, "it is empty or cut off, expected a .mat file");
  }
  const header = readRange(path, 0, headerBytes);
  if (header[126] !== 0x49 || header[127] !== 0x4d || header[125] !== 1) {
    throw dataFailure(what, "it is not a little-endian .mat file of version 5");
  }
  const arrays: MatArray[] = [];
  let offset = headerBytes;
  for (let count = 0; offset + 8 <= size; count++) {
    if (count > maxElements) throw dataFailure(what, `it has more than ${maxElements} elements`);
    const tag = new DataView(readRange(path, offset, 8).buffer);
    const [type, bytes] = [tag.getUint32(0, true), tag.getUint32(4, true)];
    const end = offset + 8 + bytes;
    if (end > size) throw dataFailure(what, `an element ends at byte ${end}, the file at ${size}`);
    if (type !== compressed && type !== matrix) {
      throw dataFailure(what, `an element has type ${type}`);
    }
    const array = await readHead({ path, what, offset, bytes, type });
    if (array !== undefined) arrays.push(array);
    offset = type === compressed ? end : end + (8 - bytes % 8) % 8;
  }
  return arrays;
}

interface Element {
  readonly path: string;
  readonly what: string;
  readonly offset: number;
  readonly bytes: number;
  readonly type: number;
}

/** A stream of an element's content, behind the tag of the matrix. */
async function openElement({ path, what, offset, bytes, type }: Element): Promise<ByteStream> {
  const chunks = rangeChunks(path, offset + 8, bytes);
  if (type === matrix) return new ByteStream(chunks, what);
  const raw = ReadableStream.from(chunks) as ReadableStream<Uint8Array<ArrayBuffer>>;
  const stream = new ByteStream(inflated(raw, "deflate", what), what);
  const tag = new DataView((await stream.take(8)).buffer);
  if (tag.getUint32(0, true) !== matrix) {
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
    const head = await headOf(stream, element.what);
    if (head === undefined) return undefined;
    const { small, ...array } = head;
    const open = async () => {
      if (small !== undefined) return new ByteStream(ReadableStream.from([small]), element.what);
      const again = await openElement(element);
      await headOf(again, element.what);
      return again;
    };
    return { ...array, open };
  } finally {
    await stream.close();
  }
}

async function headOf(
  stream: ByteStream,
  what: string,
): Promise<(Omit<MatArray, "open"> & Pick<Tag, "small">) | undefined> {
  const flags = await part(stream, what, 64);
  const kind = flags.data[0];
  const isComplex = ((flags.data[1] ?? 0) & 8) !== 0;
  if (kind === undefined || kind < 6 || kind > 15 || isComplex) return undefined;
  const axes = await part(stream, what, 4 * maxAxes);
  const view = new DataView(axes.data.buffer);
  const dims = Array.from({ length: axes.data.length / 4 }, (_, i) => view.getInt32(4 * i, true));
  const name = new TextDecoder().decode((await part(stream, what, longestName)).data);
  const tag = await partTag(stream);
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

async function partTag(stream: ByteStream): Promise<Tag> {
  const bytes = await stream.take(8);
  const view = new DataView(bytes.buffer);
  const first = view.getUint32(0, true);
  if (first >>> 16 === 0) return { type: first, bytes: view.getUint32(4, true) };
  return { type: first & 0xffff, bytes: first >>> 16, small: bytes.slice(4) };
}

async function part(stream: ByteStream, what: string, most: number) {
  const tag = await partTag(stream);
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
  { name, bytes, type, open }: MatArray,
  what: string,
): Promise<number[]> {
  const width = widths[type]!;
  if (bytes / width > maxNumbers) {
    throw dataFailure(what, `"${name}" has ${bytes / width} numbers`);
  }
  const stream = await open();
  const view = new DataView((await stream.take(bytes)).buffer);
  await stream.close();
  return Array.from({ length: bytes / width }, (_, i) => readers[type]!(view, i * width));
}

const readers: Readonly<Record<number, (view: DataView, at: number) => number>> = {
  1: (view, at) => view.getInt8(at),
  2: (view, at) => view.getUint8(at),
  3: (view, at) => view.getInt16(at, true),
  4: (view, at) => view.getUint16(at, true),
  5: (view, at) => view.getInt32(at, true),
  6: (view, at) => view.getUint32(at, true),
  7: (view, at) => view.getFloat32(at, true),
  9: (view, at) => view.getFloat64(at, true),
};
